import type { Clock } from "../../../core/clock.ts";
import { requestBytes, type AppendRequest, type AppendResult } from "../append-request.ts";
import { viewSlab, writeFates, type SlabContents } from "./append-slab.ts";
import { Durations } from "./durations.ts";
import type { EmbeddedLog } from "./embedded-log.ts";
import type { Gate } from "./gate.ts";
import {
  toWire,
  type FromWriter,
  type ToAppend,
  type ToCall,
  type ToWriter,
  type WriterCalls,
  type WriterSettings,
  type WriterStats,
} from "./writer-messages.ts";

/** A request that waits, and where its rows and their fates are. */
interface WaitingAppend {
  readonly kind: "append";
  readonly id: number;
  readonly request: AppendRequest;
  readonly slab: SlabContents;
}

/** What the loop works with. */
export interface WriterParts {
  readonly clock: Clock;
  readonly settings: WriterSettings;
  readonly log: EmbeddedLog;
  readonly gate: Gate;
  /** All calls but `stats`' own part; `close` releases everything. */
  readonly calls: { readonly [Name in keyof WriterCalls]: (...args: never) => unknown };
  readonly send: (message: FromWriter) => void;
}

const DURATIONS_KEPT = 1_024;

/**
 * Works off what the log's thread is sent, in order. Appends that wait together become one commit:
 * while one is being synced the next ones gather, so that no delay has to be chosen.
 */
export class WriterLoop {
  readonly #parts: WriterParts;
  readonly #queue: (WaitingAppend | ToCall)[] = [];
  readonly #slabs = new Map<number, SharedArrayBuffer>();
  readonly #durations = new Durations(DURATIONS_KEPT);
  readonly #totals = { commits: 0, events: 0, duplicates: 0 };
  #draining = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  receive(message: ToWriter): void {
    if (message.kind === "call") this.#queue.push(message);
    else for (const each of message.appends) this.#queue.push(this.#open(each));
    if (this.#draining) return;
    this.#draining = true;
    setImmediate(() => void this.#drain());
  }

  #open({ id, request, slab, memory }: ToAppend): WaitingAppend {
    if (memory !== undefined && slab !== 0) this.#slabs.set(slab, memory);
    const contents = viewSlab(memory ?? this.#slabs.get(slab)!, request.sets);
    return { kind: "append", id, request: { ...request, sets: contents.sets }, slab: contents };
  }

  counts(): Omit<WriterStats, "ids"> {
    return {
      ...this.#totals,
      commitMsP50: this.#durations.quantile(0.5),
      commitMsP99: this.#durations.quantile(0.99),
    };
  }

  async #drain(): Promise<void> {
    for (let message = this.#queue[0]; message !== undefined; message = this.#queue[0]) {
      if (message.kind === "append") await this.#commit(this.#takeGroup());
      else {
        this.#queue.shift();
        await this.#call(message);
      }
      await new Promise((resolve) => setImmediate(resolve)); // lets messages in
    }
    this.#draining = false;
  }

  /** The appends at the head of the queue, up to the size of one commit. */
  #takeGroup(): WaitingAppend[] {
    const { settings, send } = this.#parts;
    const group: WaitingAppend[] = [];
    let bytes = 0;
    let events = 0;
    let taken = 0;
    for (const message of this.#queue) {
      if (message.kind !== "append") break;
      if (events >= settings.commitEventsMax || bytes >= settings.batchBytesMax) break;
      taken++;
      const { id, request } = message;
      const defect = this.#defectOf(request);
      if (defect !== undefined) {
        send({ kind: "rejected", ids: [id], error: toWire(defect) });
        continue;
      }
      bytes += requestBytes(request);
      for (const { rowStarts } of request.sets) events += rowStarts.length;
      group.push(message);
    }
    this.#queue.splice(0, taken);
    return group;
  }

  async #commit(group: readonly WaitingAppend[]): Promise<void> {
    if (group.length === 0) return;
    const { clock, gate, send } = this.#parts;
    const start = clock.monotonicMs();
    const ids = group.map(({ id }) => id);
    let results: AppendResult[];
    try {
      results = await gate.commit(group.map(({ request }) => request));
    } catch (error) {
      send({ kind: "rejected", ids, error: toWire(error) });
      return;
    }
    this.#durations.add(clock.monotonicMs() - start);
    this.#totals.commits++;
    for (const [index, result] of results.entries()) {
      writeFates(group[index]!.slab, result);
      for (const { status } of result.sets) {
        this.#totals.events += status.length;
        for (const one of status) this.#totals.duplicates += one;
      }
    }
    send({ kind: "appended", ids, receivedAt: results[0]!.receivedAt });
  }

  async #call({ id, name, args }: ToCall): Promise<void> {
    const { calls, send } = this.#parts;
    try {
      const method = calls[name] as (...args: readonly unknown[]) => unknown;
      send({ kind: "answer", id, value: await method(...args) });
    } catch (error) {
      send({ kind: "rejected", ids: [id], error: toWire(error) });
    }
  }

  /** Why a request can't be appended whatever the state of the disk: it alone is refused. */
  #defectOf({ sets }: AppendRequest): unknown {
    try {
      for (const { topic } of sets) this.#parts.log.partitionsOf(topic);
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
