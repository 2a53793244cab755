/** Random values of every kind. */
import fc from 'fast-check';
import { Audio, type DType, Tensor, type Value } from '../src/values.js';

export { fc };

const makers: { [D in DType]: (n: number) => Tensor<D>['data'] } = {
  u8: (n) => Uint8Array.from({ length: n }, (_, i) => i * 37),
  i8: (n) => Int8Array.from({ length: n }, (_, i) => i * 37),
  u16: (n) => Uint16Array.from({ length: n }, (_, i) => i * 7919),
  i16: (n) => Int16Array.from({ length: n }, (_, i) => -i * 7919),
  u32: (n) => Uint32Array.from({ length: n }, (_, i) => i * 0x7fffffff),
  i32: (n) => Int32Array.from({ length: n }, (_, i) => -i * 0x7fffff),
  i64: (n) => BigInt64Array.from({ length: n }, (_, i) => -(2n ** 62n) + BigInt(i)),
  f32: (n) => Float32Array.from({ length: n }, (_, i) => i / 3),
  f64: (n) => Float64Array.from({ length: n }, (_, i) => i / 3),
  bool: (n) => Uint8Array.from({ length: n }, (_, i) => i % 2),
};

const tensor = fc
  .tuple(fc.constantFrom(...(Object.keys(makers) as DType[])), fc.array(fc.nat(4), { maxLength: 3 }))
  .map(([dtype, shape]) => {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    return new Tensor(dtype, shape, makers[dtype](count));
  });

const audio = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.nat(5),
    fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  )
  .map(([channels, frames, rate, timestamp]) => {
    const planes = Array.from({ length: channels }, (_, k) => new Float32Array(frames).fill(k / 7));
    return new Audio(planes, rate, timestamp);
  });

const text = fc.string({ unit: 'grapheme' });
const key = fc.oneof({ weight: 9, arbitrary: text }, fc.constantFrom('$', '__proto__', 'constructor', ''));
const bigInteger = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((n) => n > 2n ** 53n || n < -(2n ** 53n));
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 1e300, 2 ** 53, -(2 ** 60)),
);

/** Any value. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    number,
    bigInteger,
    text,
    fc.uint8Array({ maxLength: 20 }),
    tensor,
    audio,
    fc.array(number, { minLength: 6, maxLength: 12 }),
    fc.array(fc.oneof(bigInteger, fc.integer()), { minLength: 6, maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 6 })
      .map((entries): { [key: string]: Value } => Object.fromEntries(entries)),
  ),
})).value;
