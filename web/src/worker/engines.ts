/** The engine of a runner, and its replacement when it does not answer. */
import { ClosedError, type RemoteMediaError } from '../errors.js';
import { type ClientOptions, EngineClient } from './client.js';

/** Always has an engine: one that is dead is replaced. */
export class Engines {
  private readonly options: ClientOptions;
  private client: EngineClient | null = null;
  private spare: EngineClient | null = null;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  /** The engine, started if there is none. */
  current(): EngineClient {
    if (this.client && !this.client.isDead) return this.client;
    const { spare } = this;
    this.spare = null;
    this.client = spare && !spare.isDead ? spare : new EngineClient(this.options);
    return this.client;
  }

  /** Starts a replacement: the engine may have to be ended, and the next run shall not wait for a start then. */
  prepare(): void {
    if (!this.options.inline) this.spare ??= new EngineClient(this.options);
  }

  /** Ends the engine; what is under way fails with `reason`. */
  kill(reason: RemoteMediaError): void {
    this.client?.kill(reason);
  }

  /** Ends a replacement that was not needed. */
  release(): void {
    this.spare?.kill(new ClosedError('the engine is not needed'));
    this.spare = null;
  }
}
