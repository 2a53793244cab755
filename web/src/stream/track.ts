/** Captures a MediaStreamTrack as chunks of Audio. */
import { CapabilityError, RuntimeLoadError } from '../errors.js';
import { Audio } from '../values.js';
import type { CaptureOptions } from './pull.js';

/** What the worklet sends; null is its end. */
type Message = { readonly first: number; readonly channels: Float32Array<ArrayBuffer>[] } | null;

type Result = IteratorResult<Audio, undefined>;

/**
 * Starts a capture. The iterator ends with the track; `return` ends the capture and leaves the track to its owner. Throws
 * CapabilityError for video and where there is no AudioWorklet.
 */
export async function captureTrack(
  track: MediaStreamTrack,
  { chunkMs, worklet }: CaptureOptions,
): Promise<TrackCapture> {
  if (track.kind !== 'audio')
    throw new CapabilityError(`a track of ${track.kind} cannot be captured: only audio`);
  if (!(chunkMs > 0)) throw new RangeError(`chunkMs must be positive, not ${chunkMs}`);
  if (typeof AudioWorkletNode === 'undefined') {
    throw new CapabilityError(
      'this page has no AudioWorklet: it needs a secure context (https, or localhost)',
    );
  }
  const context = new AudioContext();
  // Bundlers look for exactly this expression.
  const script = worklet ?? new URL('./capture.worklet.js', import.meta.url);
  try {
    await context.audioWorklet.addModule(script);
  } catch (error) {
    await context.close();
    throw new RuntimeLoadError(`the audio worklet cannot be loaded from ${script}: ${error}`, {
      cause: error,
    });
  }
  return new TrackCapture(track, context, chunkMs);
}

/** A capture under way. */
class TrackCapture implements AsyncIterator<Audio, undefined> {
  private readonly track: MediaStreamTrack;
  private readonly context: AudioContext;
  private readonly source: MediaStreamAudioSourceNode;
  private readonly node: AudioWorkletNode;
  private readonly chunks: Audio[] = [];
  private readonly waiting: ((result: Result) => void)[] = [];
  private firstFrame: number | null = null;
  private isEnding = false;
  private isDone = false;

  constructor(track: MediaStreamTrack, context: AudioContext, chunkMs: number) {
    this.track = track;
    this.context = context;
    const frames = Math.max(1, Math.round((chunkMs * context.sampleRate) / 1000));
    this.source = context.createMediaStreamSource(new MediaStream([track]));
    const { channelCount } = track.getSettings();
    this.node = new AudioWorkletNode(context, 'remotemedia-capture', {
      processorOptions: { frames },
      // Some sources begin with a moment of mono.
      ...(channelCount ? { channelCount, channelCountMode: 'explicit' } : {}),
    });
    this.node.port.onmessage = ({ data }: MessageEvent<Message>) => this.receive(data);
    this.node.onprocessorerror = () => this.finish();
    // Browsers render only what leads to the destination; the worklet's own output is silence.
    this.source.connect(this.node).connect(context.destination);
    track.addEventListener('ended', this.end);
    void context.resume();
    if (track.readyState === 'ended') this.end();
  }

  next(): Promise<Result> {
    const chunk = this.chunks.shift();
    if (chunk) return Promise.resolve({ done: false, value: chunk });
    if (this.isDone) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async return(): Promise<Result> {
    this.chunks.length = 0;
    this.finish();
    if (this.context.state !== 'closed') await this.context.close();
    return { done: true, value: undefined };
  }

  private receive(message: Message): void {
    if (this.isDone) return;
    if (!message) {
      this.finish();
      return;
    }
    const { first, channels } = message;
    if (channels.length > 0) {
      this.firstFrame ??= first;
      const { sampleRate } = this.context;
      this.give(new Audio(channels, sampleRate, (first - this.firstFrame) / sampleRate));
    }
    // A track that its owner stops has no event.
    if (this.track.readyState === 'ended') this.end();
  }

  private give(chunk: Audio): void {
    const wake = this.waiting.shift();
    if (wake) wake({ done: false, value: chunk });
    else this.chunks.push(chunk);
  }

  /** The track has ended: asks the worklet for what it still holds. */
  private readonly end = (): void => {
    if (this.isEnding) return;
    this.isEnding = true;
    if (this.context.state === 'running') this.node.port.postMessage('end');
    else this.finish();
  };

  private finish(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.track.removeEventListener('ended', this.end);
    this.node.port.onmessage = null;
    this.source.disconnect();
    this.node.disconnect();
    if (this.context.state !== 'closed') void this.context.close();
    for (const wake of this.waiting.splice(0)) wake({ done: true, value: undefined });
  }
}
