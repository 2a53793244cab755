/** Native Python as a host: bench/audio/peers.py, which takes and gives lines of JSON. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('peers.py', import.meta.url));
/** One thread each, as everything here. */
const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/** Starts it with the environment in folder `venv`; arrays go through files in `folder`. Throws where it is not installed. */
export async function startPython(venv, folder) {
  const child = spawn(join(venv, 'bin/python'), [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...oneThread },
  });
  await once(child, 'spawn');
  // A process that has ended is seen where its answer is missing.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const call = async (method, args = {}) => {
    child.stdin.write(`${JSON.stringify({ method, ...args })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('Python has ended');
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error);
    return answer.value;
  };
  /** Samples to samples, or to whatever float32 array the method gives. */
  const transform = async (method, samples, args) => {
    const [input, output] = [join(folder, 'input.f32'), join(folder, 'output.f32')];
    writeFileSync(input, samples);
    await call(method, { ...args, input, output });
    const { buffer, byteOffset, length } = readFileSync(output);
    return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
  };
  return { versions: await call('versions'), call, transform, close: () => child.stdin.end() };
}
