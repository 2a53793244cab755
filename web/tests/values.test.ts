/** What tensors and audio refuse to hold. */
import { expect, test } from 'vitest';
import { Audio, Tensor } from '../src/values.js';

test.each<[what: string, make: () => unknown, message: string]>([
  ['a dtype that there is not', () => new Tensor('f16' as 'f32', [1], new Float32Array(1)), 'f16'],
  ['data of another dtype', () => new Tensor('i16', [2], new Float32Array(2) as never), 'needs a Int16Array'],
  ['a shape of another size', () => new Tensor('u8', [2, 3], new Uint8Array(5)), '[2, 3] does not hold 5'],
  ['half a dimension', () => new Tensor('u8', [0.5, 4], new Uint8Array(2)), '[0.5, 4] does not hold 2'],
  ['a rate between integers', () => new Audio([], 44_100.5), '≥ 1, not 44100.5'],
  ['no rate', () => new Audio([], 0), '≥ 1, not 0'],
  ['channels of two lengths', () => new Audio([new Float32Array(2), new Float32Array(3)], 8000), 'differ'],
])('%s is a RangeError', (_, make, message) => {
  expect(make).toThrow(RangeError);
  expect(make).toThrow(message);
});

test('audio knows how long it is', () => {
  const stereo = new Audio([new Float32Array(4000), new Float32Array(4000)], 8000);
  expect([stereo.frames, stereo.duration]).toEqual([4000, 0.5]);
  expect([new Audio([], 8000).frames, new Audio([], 8000).duration]).toEqual([0, 0]);
});
