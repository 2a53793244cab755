/** Shows a tensor of two dimensions as a picture: row 0 at the bottom, the least value dark. */
import type { Tensor } from '../src/index.js';
import { element } from './elements.js';

const mostElements = 1 << 22;
// From dark to light through violet and orange: equal steps look equal, also without colour.
const stops = [
  [0, 0, 4],
  [81, 18, 124],
  [183, 55, 121],
  [252, 137, 97],
  [252, 253, 191],
] as const;

/** Whether a picture of this tensor says anything. */
export function isPicture({ shape, data }: Tensor): boolean {
  const [rows = 0, columns = 0] = shape;
  return shape.length === 2 && rows > 1 && columns > 1 && data.length <= mostElements;
}

/** The picture, with a caption that says what it shows. */
export function picture(tensor: Tensor, name: string): HTMLElement {
  const [rows = 0, columns = 0] = tensor.shape;
  const values = Float64Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  const [low, high] = range(values);
  const caption = `${name}: ${rows} rows × ${columns} columns, from ${short(low)} (dark) to ${short(high)}`;
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', caption);
  const image = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] ?? 0;
      const part = high > low ? (value - low) / (high - low) : 0;
      image.data.set([...colour(part), 255], ((rows - 1 - row) * columns + column) * 4);
    }
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return element('figure', 'picture', canvas, element('figcaption', 'soft', caption));
}

/** Least and greatest of the finite values. */
function range(values: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 0];
}

function colour(part: number): number[] {
  const at = Math.min(Math.max(part || 0, 0), 1) * (stops.length - 1);
  const [from = stops[0], to = from] = stops.slice(Math.floor(at));
  return from.map((level, index) => level + (at % 1) * ((to[index] ?? 0) - level));
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
