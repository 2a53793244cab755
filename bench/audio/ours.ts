/**
 * Our nodes, through the library's own place for Rust and the built module, on one thread: in a worker of Chromium and in
 * Node.js. What is timed is all that a segment does with a packet: copy it into the module, run, copy the outputs
 * into memory that is used again.
 */
import { failed, more, noLimit, type StepResult } from '../../web/src/engine/place.js';
import { WasiPlace } from '../../web/src/engine/wasi-place.js';
import { type Packet, packetSize, readLayout, writeContiguous } from '../../web/src/packet.js';
import { decodeParts } from '../../web/src/packet-decode.js';
import { encodePacket } from '../../web/src/packet-encode.js';
import { Audio, type Tensor, type Value } from '../../web/src/values.js';

type Node = readonly [type: string, params: object];

const logMelNode: Node = [
  'LogMelNode',
  { sample_rate: 16_000, n_fft: 400, hop_length: 160, n_mels: 80, reference: 'stream' },
];
const vadNode: Node = ['VADNode', { frame_duration_ms: 30, energy_threshold: 0.02, hang_over_ms: 0 }];

/** Repetitions whose times do not count: the engine's compiler is still at work in them. */
const warmUp = 3;
const outputBytes = 2 ** 25;

/** Loads the module. */
export async function loadOurs(wasmUrl: string) {
  const place = await WasiPlace.load(wasmUrl, { enter() {}, stderr() {} });
  const target = new Uint8Array(outputBytes);

  /** Opens a chain of nodes. `run` and `flush` give the bytes of the outputs, which lie in `target` from `at` on. */
  function open(nodes: readonly Node[]) {
    const segment = place.open(chain(nodes));
    const collect = (first: StepResult, at: number): number => {
      let [step, used] = [first, 0];
      for (;;) {
        if (step.status === failed) throw new Error(JSON.stringify(step.error));
        for (const { packet } of step.outputs) used += writeContiguous(packet, target.subarray(at + used));
        if (step.status !== more) return used;
        step = segment.resume();
      }
    };
    return {
      run: (packet: Packet, at = 0) => collect(segment.run([packet], noLimit), at),
      /** Leaves the outputs where they are, as for the next node in Rust. */
      runInPlace: (packet: Packet) => segment.run([packet], noLimit),
      flush: (at = 0) => collect(segment.flush([], noLimit), at),
      close: () => segment.close(),
    };
  }

  /** A run from the opening of the segment, filter design included, to its end; gives the bytes of the outputs. */
  function whole(nodes: readonly Node[], packet: Packet): number {
    const opened = open(nodes);
    const used = opened.run(packet);
    const all = used + opened.flush(used);
    opened.close();
    return all;
  }

  /** Values of whole packets at the start of `target`. */
  function outputs(bytes: number): Value[] {
    const values: Value[] = [];
    for (let at = 0; at < bytes; ) {
      const packet = readLayout(target.subarray(at, bytes));
      values.push(...decodeParts(packet).values);
      at += packetSize(packet);
    }
    return values;
  }

  function convert(name: string, from: number, to: number, samples: Float32Array): Float32Array {
    const bytes = whole([resample(to, name)], packetOf(new Audio([samples], from)));
    return joined(outputs(bytes).map((value) => (value as Audio).channels[0] ?? new Float32Array()));
  }

  /** Milliseconds of whole runs. */
  function resampleTimes(name: string, from: number, to: number, samples: Float32Array, n: number): number[] {
    const packet = packetOf(new Audio([samples], from));
    return timed(n, () => whole([resample(to, name)], packet));
  }

  /** The same with a segment that has its filter already. */
  function primedTimes(name: string, from: number, to: number, samples: Float32Array, n: number): number[] {
    const [first, rest] = [
      packetOf(new Audio([samples.subarray(0, 1)], from)),
      packetOf(new Audio([samples], from)),
    ];
    return repeated(n, () => {
      const opened = open([resample(to, name)]);
      opened.run(first);
      const begun = performance.now();
      opened.flush(opened.run(rest));
      const ms = performance.now() - begun;
      opened.close();
      return ms;
    });
  }

  /** The log-mel spectrogram of audio at 16 kHz, bands × frames, row by row. */
  function logMel(samples: Float32Array): Float32Array {
    const bytes = whole([logMelNode], packetOf(new Audio([samples], 16_000)));
    const [value] = outputs(bytes) as { log_mel: Tensor<'f32'> }[];
    return (value?.log_mel.data ?? new Float32Array()).slice();
  }

  function logMelTimes(samples: Float32Array, n: number): number[] {
    const packet = packetOf(new Audio([samples], 16_000));
    return timed(n, () => whole([logMelNode], packet));
  }

  /** Energy VAD of audio at 16 kHz beside a copy of the same bytes, in ms, in pairs. */
  function vadPairs(samples: Float32Array, n: number) {
    const packet = packetOf(new Audio([samples], 16_000));
    const copy = new Float32Array(samples.length);
    return repeated(n, () => {
      const opened = open([vadNode]);
      let begun = performance.now();
      opened.runInPlace(packet);
      const vadMs = performance.now() - begun;
      begun = performance.now();
      opened.run(packet);
      const vadOutMs = performance.now() - begun;
      opened.close();
      begun = performance.now();
      copy.set(samples);
      const copyMs = performance.now() - begun;
      return { vadMs, vadOutMs, copyMs };
    });
  }

  /**
   * Microseconds for each 10 ms at 48 kHz, one packet each, encoding included: through resampler and VAD, or from
   * portions of a 16-bit WAV file through decoder, resampler and VAD. One value per second of audio, the mean of its
   * chunks, so that the clock's steps do not matter; a minute, `n` times.
   */
  function chunkTimes(decoded: boolean, samples: Float32Array, n: number): number[] {
    const [rate, frames] = [48_000, 480];
    const rest: Node[] = [resample(16_000, 'high'), vadNode];
    const nodes: Node[] = decoded ? rest : [['WavDecodeNode', { streaming: true }], ...rest];
    const items: Value[] = [];
    const wav = new Uint8Array(wavFile(samples, rate));
    const header = wav.length - 2 * samples.length;
    for (let at = 0; at + frames <= samples.length; at += frames) {
      const portion = wav.subarray(at === 0 ? 0 : header + 2 * at, header + 2 * (at + frames));
      items.push(decoded ? new Audio([samples.subarray(at, at + frames)], rate, at / rate) : portion);
    }
    const memory = new ArrayBuffer(2 ** 16);
    return repeated(n, () => {
      const opened = open(nodes);
      const times: number[] = [];
      for (let first = 0; first < items.length; first += 100) {
        const begun = performance.now();
        items.slice(first, first + 100).forEach((value, k) => {
          const columns = { rounds: [first + k], edges: 0, values: [value] };
          opened.run(readLayout(encodePacket(columns, () => memory)));
        });
        times.push(((performance.now() - begun) * 1000) / 100);
      }
      opened.close();
      return times;
    }).flat();
  }

  return { convert, resampleTimes, primedTimes, logMel, logMelTimes, vadPairs, chunkTimes };
}

/** A mono WAV file of 16-bit PCM, or of float32. */
export function wavFile(samples: Float32Array, rate: number, float = false): ArrayBuffer {
  const width = float ? 4 : 2;
  const bytes = new ArrayBuffer(44 + width * samples.length);
  const view = new DataView(bytes);
  const word = (at: number, text: string) => {
    [...text].forEach((letter, k) => {
      view.setUint8(at + k, letter.charCodeAt(0));
    });
  };
  word(0, 'RIFF');
  view.setUint32(4, bytes.byteLength - 8, true);
  word(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, float ? 3 : 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, width * rate, true);
  view.setUint16(32, width, true);
  view.setUint16(34, 8 * width, true);
  word(36, 'data');
  view.setUint32(40, width * samples.length, true);
  if (float) new Float32Array(bytes, 44).set(samples);
  else new Int16Array(bytes, 44).set(samples.map((y) => Math.round(y * 32767)));
  return bytes;
}

function resample(rate: number, name: string): Node {
  return ['AudioResampleNode', { target_sample_rate: rate, quality: name }];
}

function packetOf(value: Value): Packet {
  return readLayout(encodePacket({ rounds: [0], edges: 0, values: [value] }));
}

/** A segment of nodes one after the other, between an edge in and an edge out. */
function chain(nodes: readonly Node[]): string {
  const inner = nodes.map(([node_type, params], order) => ({
    id: `n${order}`,
    node_type,
    params,
    order,
    on_error: 'fail',
  }));
  const ids = ['__in_0', ...inner.map(({ id }) => id), '__out_1'];
  return JSON.stringify({
    place: 'bench',
    runtime: 'bench',
    requires: [],
    metrics: false,
    nodes: [
      { id: '__in_0', node_type: '__In', params: { edge: 0 } },
      ...inner,
      { id: '__out_1', node_type: '__Out', params: { edge: 0, to: 1 } },
    ],
    connections: ids.slice(1).map((id, k) => ({ from: `${ids[k]}.out`, to: `${id}.in` })),
  });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function repeated<T>(n: number, once: () => T): T[] {
  for (let k = 0; k < warmUp; k++) once();
  return Array.from({ length: n }, once);
}

function timed(n: number, once: () => unknown): number[] {
  return repeated(n, () => {
    const begun = performance.now();
    once();
    return performance.now() - begun;
  });
}
