/** Where items of all sources wait to be sent, in the order in which they arrived. */
import { maxBytes, maxItems, sizeOf } from '../batches.js';
import { nextTask } from '../engine/event-loop.js';
import type { Column } from '../feed.js';
import type { Value } from '../values.js';
import type { Endpoint } from '../worker/protocol.js';

/** One input, and the sources that its items go to. */
export interface Feed {
  readonly inputs: readonly Endpoint[];
  /** Items that may wait; then the oldest is dropped. Without a number the source waits. */
  readonly cap: number | null;
}

/** Items of a feed, as they wait and as they go into a batch. */
interface Lane {
  readonly feed: Feed;
  waiting: number;
  rounds: number[];
  values: Value[];
}

/** A queue of items, gathered by pullers and emptied by the pump. */
export class Intake {
  /** How many rounds of plain numbers a batch may have; other items are at most 256. */
  numbers = maxItems;
  /** Why the input ended early, if a source failed. */
  failure: unknown = null;
  private isStopped = false;
  private readonly lanes = new Map<Feed, Lane>();
  private readonly dropped: Record<string, number>;
  private values: Value[] = [];
  private queued: Lane[] = [];
  /** Whether an item belongs to the round of the one before it. */
  private joined: boolean[] = [];
  private bytes = 0;
  private onlyNumbers = true;
  private open = 0;
  /** Whether the sources had time to give more than what is here. */
  private isSettled = false;
  private isSettling = false;
  private wakePump: (() => void) | null = null;
  private wakePullers: (() => void)[] = [];

  /** Counts drops in `dropped`, by the ids of the sources that do not get the item. */
  constructor(dropped: Record<string, number>) {
    this.dropped = dropped;
  }

  /** No puller goes on, because the run has ended or a source has failed. */
  get stopped(): boolean {
    return this.isStopped;
  }

  /** Whether nothing will come any more. */
  get isEnded(): boolean {
    return this.open === 0 && this.values.length === 0;
  }

  /** A puller has begun. */
  begin(): void {
    this.open++;
  }

  /** A puller has ended. */
  end(failure: unknown = null): void {
    this.open--;
    if (failure !== null) {
      this.failure ??= failure;
      this.stop();
    }
    this.notify();
  }

  /** Ends the pullers; what waits can still be taken. */
  stop(): void {
    this.isStopped = true;
    this.notify();
    this.admit();
  }

  /** Adds an item; if `joins`, to the round of the last one. Returns whether there is room for more. */
  add(feed: Feed, value: Value, joins = false): boolean {
    const lane = this.laneOf(feed);
    const mustDrop = feed.cap !== null && lane.waiting >= feed.cap;
    if (mustDrop) this.drop(lane);
    this.values.push(value);
    this.queued.push(lane);
    this.joined.push(joins);
    lane.waiting++;
    if (typeof value !== 'number') this.onlyNumbers = false;
    this.bytes += typeof value === 'number' ? 8 : sizeOf(value);
    if (!this.isSettling) this.settle();
    if (!this.isFull) return !mustDrop;
    this.notify();
    return feed.cap !== null && !mustDrop;
  }

  /** Waits until there is room. A live source, which cannot wait, only lets others have a turn. */
  async room({ cap }: Feed): Promise<void> {
    if (cap !== null) return nextTask();
    while (this.isFull && !this.isStopped) {
      await new Promise<void>((resolve) => this.wakePullers.push(resolve));
    }
  }

  /** Waits until a batch can be sent: it is full, the sources have no more at once, or they have ended. */
  async ready(): Promise<void> {
    while (!this.isReady) {
      await new Promise<void>((resolve) => {
        this.wakePump = resolve;
      });
    }
  }

  /** Takes what waits, at most `limit` rounds, counted from `first`. */
  take(first: number, limit: number): { rounds: number; columns: Column[] } {
    let rounds = 0;
    let at = 0;
    for (; at < this.values.length; at++) {
      if (!this.joined[at] && rounds++ === limit) break;
      const lane = this.queued[at] as Lane;
      lane.rounds.push(first + Math.min(rounds, limit) - 1);
      lane.values.push(this.values[at] as Value);
      lane.waiting--;
    }
    this.shift(at);
    return { rounds: Math.min(rounds, limit), columns: this.columns() };
  }

  private get isFull(): boolean {
    const limit = this.onlyNumbers ? this.numbers : Math.min(this.numbers, maxItems);
    return this.values.length >= limit || this.bytes >= maxBytes;
  }

  private get isReady(): boolean {
    if (this.values.length > 0 && (this.isSettled || this.isFull)) return true;
    return this.open === 0 || this.isStopped;
  }

  private laneOf(feed: Feed): Lane {
    let lane = this.lanes.get(feed);
    if (!lane) {
      lane = { feed, waiting: 0, rounds: [], values: [] };
      this.lanes.set(feed, lane);
    }
    return lane;
  }

  private columns(): Column[] {
    const columns: Column[] = [];
    for (const lane of this.lanes.values()) {
      const { feed, rounds, values } = lane;
      if (values.length === 0) continue;
      for (const input of feed.inputs) columns.push({ input, rounds, values });
      lane.rounds = [];
      lane.values = [];
    }
    return columns;
  }

  private shift(count: number): void {
    this.values = this.values.slice(count);
    this.queued = this.queued.slice(count);
    this.joined = this.joined.slice(count);
    this.bytes = this.values.reduce((sum: number, value) => sum + sizeOf(value), 0);
    this.onlyNumbers = this.values.every((value) => typeof value === 'number');
    this.isSettled &&= this.values.length > 0;
    this.admit();
  }

  private drop(lane: Lane): void {
    const at = this.queued.indexOf(lane);
    const [value] = this.values.splice(at, 1);
    this.queued.splice(at, 1);
    this.joined.splice(at, 1);
    this.bytes -= sizeOf(value ?? null);
    lane.waiting--;
    for (const { node } of lane.feed.inputs) this.dropped[node] = (this.dropped[node] ?? 0) + 1;
  }

  private settle(): void {
    this.isSettling = true;
    void nextTask().then(() => {
      this.isSettling = false;
      this.isSettled = this.values.length > 0;
      this.notify();
    });
  }

  private notify(): void {
    if (!this.isReady) return;
    const wake = this.wakePump;
    this.wakePump = null;
    wake?.();
  }

  private admit(): void {
    const waiting = this.wakePullers;
    this.wakePullers = [];
    for (const wake of waiting) wake();
  }
}
