/** Shows the levels that AudioLevelNode gives as meters, one for each channel. */
import type { Value } from '../src/index.js';
import { element } from './elements.js';

const least = -60;
const loud = -6;

/** Meters for an item with the lists `rms_db` and `peak_db`, none for any other. */
export function meters(item: { readonly [key: string]: Value }): HTMLElement[] {
  const { rms_db: levels, peak_db: peaks } = item;
  if (!isNumbers(levels) || !isNumbers(peaks)) return [];
  return levels.map((level, channel) => {
    const text = `Channel ${channel + 1}: ${decibels(level)}, peak ${decibels(peaks[channel] ?? level)}`;
    const meter = document.createElement('meter');
    Object.assign(meter, { min: least, max: 0, high: loud, optimum: least, value: level });
    meter.setAttribute('aria-label', text);
    return element('div', 'level', meter, element('span', 'soft', text));
  });
}

function isNumbers(value: Value | undefined): value is number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

function decibels(level: number): string {
  return `${level.toFixed(1)} dB`;
}
