/** Runs where audio is rendered: collects frames into chunks, and says which frame each begins with. */
class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.length = processorOptions.frames;
    this.filled = 0;
    this.first = 0;
    this.channels = [];
    this.isDone = false;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
      this.isDone = true;
    };
  }

  process([input]) {
    // Frames that were left out, or another number of channels, end a chunk.
    if (currentFrame !== this.first + this.filled || input.length !== this.channels.length) {
      this.send();
      this.begin(input.length, currentFrame);
    }
    const frames = input[0]?.length ?? 128;
    for (let done = 0; done < frames; ) {
      const count = Math.min(frames - done, this.length - this.filled);
      for (const [index, channel] of input.entries()) {
        this.channels[index].set(channel.subarray(done, done + count), this.filled);
      }
      this.filled += count;
      done += count;
      if (this.filled === this.length) {
        this.send();
        this.begin(input.length, currentFrame + done);
      }
    }
    return !this.isDone;
  }

  begin(channels, first) {
    this.first = first;
    this.filled = 0;
    this.channels = Array.from({ length: channels }, () => new Float32Array(this.length));
  }

  /** Without channels it only says that time goes on: the page looks then whether the track still lives. */
  send() {
    if (this.filled === 0) return;
    const isFull = this.filled === this.length;
    const channels = isFull ? this.channels : this.channels.map((channel) => channel.slice(0, this.filled));
    const buffers = channels.map(({ buffer }) => buffer);
    this.port.postMessage({ first: this.first, channels }, buffers);
    this.filled = 0;
  }
}

registerProcessor('remotemedia-capture', Capture);
