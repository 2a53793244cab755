/** The engine of a runner, and its replacement when it does not answer. */
import { ClosedError, type RemoteMediaError } from '../errors.js';
import { type ClientOptions, EngineClient } from './client.js';
import { plainRealm, type Realm } from './realm.js';

/** Always has an engine: one that is dead, or of another realm than the next job, is replaced. */
export class Engines {
  private readonly options: ClientOptions;
  private client: EngineClient | null = null;
  private spare: EngineClient | null = null;
  private realm = plainRealm;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  /** The engine, started if there is none, or none for this realm. */
  current(realm: Realm = unused(this.realm)): EngineClient {
    this.realm = realm;
    if (this.client?.serve(realm)) return this.client;
    this.client?.kill(new ClosedError('another engine takes its place'));
    this.client = this.takeSpare(realm) ?? new EngineClient(this.options, realm);
    return this.client;
  }

  /** Starts a replacement: the engine may have to be ended, and the next run shall not wait for a start then. */
  prepare(): void {
    if (!this.options.inline) this.spare ??= new EngineClient(this.options, unused(this.realm));
  }

  /** Ends the engine; what is under way fails with `reason`. */
  kill(reason: RemoteMediaError): void {
    this.client?.kill(reason);
  }

  private takeSpare(realm: Realm): EngineClient | null {
    const { spare } = this;
    if (!spare?.serve(realm)) return null; // `release` ends it
    this.spare = null;
    return spare;
  }

  /** Ends a replacement that was not needed. */
  release(): void {
    this.spare?.kill(new ClosedError('the engine is not needed'));
    this.spare = null;
  }
}

/** The realm of an engine that is to do jobs like those of `realm`, before it has done any. */
function unused(realm: Realm): Realm {
  return realm.sandbox ? realm : plainRealm;
}
