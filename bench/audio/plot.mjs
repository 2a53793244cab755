/** The plot for the docs: what passes each resampler, and how long it takes. An SVG that suits light and dark pages. */

const shown = [
  ['AudioResampleNode high', '#d55e00'],
  ['soxr HQ', '#0072b2'],
  ['speex-resampler-wasm q10', '#009e73'],
  ['libsamplerate-js medium', '#cc79a7'],
  ['decodeAudioData of a WAV file', '#999999'],
  ['OfflineAudioContext', '#b58900'],
];
const [width, height] = [760, 300];
/** The two panels: left and right edge; both from top to bottom. */
const [curvesFrom, curvesTo, barsFrom, barsTo] = [58, 440, 490, 690];
const [top, bottom] = [34, 256];
const [loudest, quietest] = [0, -160];
const [shortest, longest] = [1, 3000];

/** `response` and the rows of resampling 48 → 16 kHz. */
export function plot({ frequencies, curves }, rows) {
  const [from, to] = [6_000, 12_000];
  const x = (hertz) => curvesFrom + ((hertz - from) / (to - from)) * (curvesTo - curvesFrom);
  const y = (level) => {
    const clamped = Math.min(loudest, Math.max(quietest, level));
    return top + ((loudest - clamped) / (loudest - quietest)) * (bottom - top);
  };
  const length = (ms) => (Math.log(ms / shortest) / Math.log(longest / shortest)) * (barsTo - barsFrom);
  const parts = [text(curvesFrom, 18, 'Level of a tone at the output, 48 → 16 kHz', 'start')];
  for (let level = loudest; level >= quietest; level -= 40) {
    parts.push(
      line(curvesFrom, y(level), curvesTo, y(level)),
      text(curvesFrom - 6, y(level) + 4, `${level} dB`, 'end'),
    );
  }
  for (let hertz = from; hertz <= to; hertz += 1000) {
    parts.push(
      line(x(hertz), top, x(hertz), bottom),
      text(x(hertz), bottom + 16, `${hertz / 1000}`, 'middle'),
    );
  }
  parts.push(
    text((curvesFrom + curvesTo) / 2, bottom + 34, 'frequency of the tone at the input, kHz', 'middle'),
  );
  parts.push(text(barsFrom, 18, '60 s of audio, median in ms', 'start'));
  const step = (bottom - top) / shown.length;
  shown.forEach(([who, colour], k) => {
    const levels = curves.find((curve) => curve.who === who)?.levels;
    if (levels) {
      const points = levels
        .map((level, n) => `${x(frequencies[n]).toFixed(1)},${y(level).toFixed(1)}`)
        .join(' ');
      const stroke = k === 0 ? 3 : 1.5;
      // The first lies on top of the others.
      parts.splice(
        1,
        0,
        `<polyline points="${points}" stroke="${colour}" stroke-width="${stroke}" fill="none"/>`,
      );
    }
    const row = rows.find((candidate) => candidate.who === who && candidate.error === null);
    const at = top + k * step;
    const label = row ? Number(row.value.toPrecision(2)) : 'not measured';
    const host = row ? `, ${row.host}` : '';
    const bar = row ? length(row.value) : 0;
    parts.push(
      text(barsFrom, at + 12, `${who}${host}`, 'start'),
      `<rect x="${barsFrom}" y="${(at + 17).toFixed(1)}" width="${bar.toFixed(1)}" height="10" fill="${colour}"/>`,
      text(barsFrom + bar + 6, at + 26, label, 'start'),
    );
  });
  parts.push(text(barsFrom, bottom + 34, 'logarithmic', 'start'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Frequency response and time of resamplers, 48 to 16 kHz">
<style>
text { font: 12px sans-serif; fill: #1f2328 }
line { stroke: #8888; stroke-width: 0.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>
${parts.join('\n')}
</svg>
`;
}

function text(x, y, content, anchor) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}

function line(x1, y1, x2, y2) {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
}
