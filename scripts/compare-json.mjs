/** Compares values in JSON form (docs/internals/packets.md) by the rules of tests/vectors/README.md. */

const arrays = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
  bool: Uint8Array,
};

/** Where two values differ, in words, or null. `tolerance` is absolute and for floats only. */
export function difference(actual, expected, tolerance = 0, path = '$') {
  const here = `${path}: ${show(actual)} and ${show(expected)}`;
  const numbers = [numberOf(actual), numberOf(expected)];
  if (numbers[0] !== null || numbers[1] !== null) return sameNumber(...numbers, tolerance) ? null : here;
  if (!isObject(actual) || !isObject(expected)) return actual === expected ? null : here;
  if (Array.isArray(actual) !== Array.isArray(expected)) return here;
  const keys = Object.keys(actual);
  if (keys.length !== Object.keys(expected).length || keys.some((key) => !Object.hasOwn(expected, key)))
    return here;
  if (keys.length === 1 && (keys[0] === '$tensor' || keys[0] === '$audio')) {
    return arrayDifference(actual[keys[0]], expected[keys[0]], tolerance, here);
  }
  for (const key of keys) {
    const inner = difference(actual[key], expected[key], tolerance, `${path}.${key}`);
    if (inner) return inner;
  }
  return null;
}

function arrayDifference({ data, ...fields }, { data: expectedData, ...expectedFields }, tolerance, here) {
  if (difference(fields, expectedFields)) return here;
  const [actual, expected] = [data, expectedData].map((base64) => elements(fields.dtype ?? 'f32', base64));
  const same =
    actual.length === expected.length && actual.every((x, at) => sameNumber(x, expected[at], tolerance));
  return same ? null : here;
}

function elements(dtype, base64) {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new arrays[dtype](bytes.buffer);
}

function isObject(value) {
  return typeof value === 'object' && value !== null;
}

function numberOf(value) {
  if (typeof value === 'number') return value;
  if (!isObject(value) || typeof value.$number !== 'string' || Object.keys(value).length !== 1) return null;
  return /^-?\d+$/.test(value.$number) ? BigInt(value.$number) : Number(value.$number);
}

function sameNumber(a, b, tolerance) {
  if (typeof a !== typeof b || a === null) return false;
  if (Object.is(a, b)) return true;
  return typeof a === 'number' && tolerance > 0 && Math.abs(a - b) <= tolerance;
}

function show(value) {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
