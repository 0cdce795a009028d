import { Worker } from "node:worker_threads";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import {
  requestBytes,
  requestDefect,
  type AppendRequest,
  type AppendResult,
} from "../append-request.ts";
import type { EventPlace, ReaderPosition, RetentionBounds, TrimResult } from "../log.ts";
import { fillSlab, readFates, shapeOf, slabBytes, type RequestShape } from "./append-slab.ts";
import { SlabPool, type Slab } from "./slab-pool.ts";
import {
  fromWire,
  type FromWriter,
  type ToAppend,
  type ToWriter,
  type WriterCalls,
  type WriterSettings,
  type WriterStats,
} from "./writer-messages.ts";

export interface LogWriterOptions {
  /** The data folder: the log is in `log/`, the gate's index in `ids/` of it. */
  readonly dir: string;
  /** Made if they aren't there; their partition counts are fixed. */
  readonly topics: WriterSettings["topics"];
  /** Readers, beside the gate itself, that retention waits for. */
  readonly requiredReaders?: readonly string[];
  /** How long an id is remembered, ms (24 h; at most 30 days). */
  readonly horizonMs?: number;
  readonly tableIdsMax?: number;
  readonly filterBytesMax?: number;
  readonly batchBytesMax?: number;
  readonly commitEventsMax?: number;
  readonly queueBytesMax?: number;
  /** One double, ms, to be the writer's clock; absent: the machine's. */
  readonly clock?: SharedArrayBuffer;
}

/** What waits, beside the writer's own counts. */
export interface LogWriterStats extends WriterStats {
  readonly waitingBytes: number;
  readonly waitingRequests: number;
}

/** The log's writer, seen from another thread. */
export interface LogWriter {
  /** The key of the identity hash (`identityHash`). */
  readonly secret: Uint8Array;
  /** Resolves, once, when the thread has ended: an error if it wasn't `close` that ended it. */
  readonly ended: Promise<MillraceError | undefined>;
  /**
   * Resolves when everything in the request is durable. Rejects with `RATE_LIMITED` (too much
   * waits), `STORAGE_FULL` or `STORAGE_FAILED`; then nothing of it is in the log, save when the
   * disk failed, where a retry is told `duplicate` of what is.
   */
  append(request: AppendRequest): Promise<AppendResult>;
  heartbeat(): Promise<number>;
  ensureTopic(topic: string, partitions: number): Promise<void>;
  setPositions(reader: string, positions: readonly ReaderPosition[]): Promise<void>;
  trim(bounds: RetentionBounds): Promise<TrimResult>;
  /** Where the event with this identity hash is, as far as the gate remembers it. */
  locate(hash: Uint32Array): Promise<EventPlace | undefined>;
  stats(): Promise<LogWriterStats>;
  /** Commits what waits, then ends the thread. */
  close(): Promise<void>;
}

/** Starts the log-writer thread; resolves when the log is open and the gate's index restored. */
export async function startLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const settings: WriterSettings = {
    dir: options.dir,
    topics: options.topics,
    requiredReaders: options.requiredReaders ?? [],
    horizonMs: options.horizonMs ?? 86_400_000,
    tableIdsMax: options.tableIdsMax ?? LIMITS.dedupTableIdsMax,
    filterBytesMax: options.filterBytesMax ?? LIMITS.dedupFilterBytesMax,
    batchBytesMax: options.batchBytesMax ?? LIMITS.batchBytesMax,
    commitEventsMax: options.commitEventsMax ?? LIMITS.commitEventsMax,
    clock: options.clock,
  };
  const worker = new Worker(new URL("./log-writer-worker.ts", import.meta.url), {
    workerData: settings,
  });
  const queueBytesMax = options.queueBytesMax ?? LIMITS.appendQueueBytesMax;
  return new Promise((resolve, reject) => {
    const handle = new WorkerLogWriter(worker, queueBytesMax, resolve);
    void handle.ended.then((error) => error && reject(error));
  });
}

interface Waiting {
  readonly bytes: number;
  /** Of an append. */
  readonly sent?: { readonly slab: Slab; readonly request: RequestShape };
  readonly resolve: (value: never) => void;
  readonly reject: (error: MillraceError) => void;
}

class WorkerLogWriter implements LogWriter {
  readonly ended: Promise<MillraceError | undefined>;
  secret: Uint8Array = new Uint8Array(0);
  readonly #worker: Worker;
  readonly #queueBytesMax: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #slabs = new SlabPool();
  /** The last number of a slab that the thread has been given. */
  #slabKnown = 0;
  /** Appends of this turn of the event loop: they go to the thread together. */
  #outbox: ToAppend[] = [];
  #waitingBytes = 0;
  #nextId = 1;
  #failure: MillraceError | undefined;
  #closing = false;

  constructor(worker: Worker, queueBytesMax: number, ready: (handle: LogWriter) => void) {
    this.#worker = worker;
    this.#queueBytesMax = queueBytesMax;
    worker.on("message", (message: FromWriter) => this.#receive(message, ready));
    worker.on("error", (error) => {
      this.#failure ??= new MillraceError("INTERNAL", `the log's thread failed: ${String(error)}`, {
        cause: error,
      });
    });
    this.ended = new Promise((resolve) => worker.once("exit", () => resolve(this.#end())));
  }

  append(request: AppendRequest): Promise<AppendResult> {
    const refusal = this.#refusal() ?? defectOf(request);
    if (refusal !== undefined) return Promise.reject(refusal);
    const bytes = requestBytes(request);
    if (this.#waitingBytes + bytes > this.#queueBytesMax && this.#waiting.size > 0) {
      const error = new MillraceError(
        "RATE_LIMITED",
        `${this.#waitingBytes} bytes already wait for the log`,
        { hint: "send the same events again in a moment" },
      );
      return Promise.reject(error);
    }
    const slab = this.#slabs.take(slabBytes(request));
    fillSlab(slab.memory, request);
    const sent = { slab, request: shapeOf(request) };
    return this.#wait({ bytes, sent }, (id) => this.#post(id, sent));
  }

  #post(id: number, { slab: { number, memory }, request }: Required<Waiting>["sent"]): void {
    const isKnown = number !== 0 && number <= this.#slabKnown;
    this.#slabKnown = Math.max(this.#slabKnown, number);
    this.#outbox.push({ id, request, slab: number, memory: isKnown ? undefined : memory });
    if (this.#outbox.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#worker.postMessage({ kind: "append", appends: this.#outbox } satisfies ToWriter);
    this.#outbox = [];
  }

  heartbeat = (): Promise<number> => this.#call("heartbeat");
  ensureTopic = (topic: string, partitions: number): Promise<void> =>
    this.#call("ensureTopic", topic, partitions);
  setPositions = (reader: string, positions: readonly ReaderPosition[]): Promise<void> =>
    this.#call("setPositions", reader, positions);
  trim = (bounds: RetentionBounds): Promise<TrimResult> => this.#call("trim", bounds);
  locate = (hash: Uint32Array): Promise<EventPlace | undefined> => this.#call("locate", hash);

  async stats(): Promise<LogWriterStats> {
    const stats = await this.#call("stats");
    return { ...stats, waitingBytes: this.#waitingBytes, waitingRequests: this.#waiting.size };
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      const closed = this.#call("close");
      this.#closing = true;
      await closed;
    }
    await this.ended;
  }

  #call<Name extends keyof WriterCalls>(
    name: Name,
    ...args: Parameters<WriterCalls[Name]>
  ): Promise<ReturnType<WriterCalls[Name]>> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#wait({ bytes: 0 }, (id) => {
      this.#flush(); // what was asked for before comes before
      this.#worker.postMessage({ id, kind: "call", name, args } satisfies ToWriter);
    });
  }

  /** Why nothing is taken any more. */
  #refusal(): MillraceError | undefined {
    if (this.#failure !== undefined || !this.#closing) return this.#failure;
    return new MillraceError("NOT_READY", "the log is closing");
  }

  #wait<Value>(
    waiting: Omit<Waiting, "resolve" | "reject">,
    post: (id: number) => void,
  ): Promise<Value> {
    const id = this.#nextId++;
    return new Promise<Value>((resolve, reject) => {
      post(id);
      this.#waiting.set(id, { ...waiting, resolve, reject });
      this.#waitingBytes += waiting.bytes;
    });
  }

  #receive(message: FromWriter, ready: (handle: LogWriter) => void): void {
    switch (message.kind) {
      case "ready":
        this.secret = message.secret;
        return ready(this);
      case "failed":
        this.#failure = fromWire(message.error);
        return void this.#worker.terminate();
      case "appended":
        for (const id of message.ids) this.#appended(id, message.receivedAt);
        return;
      case "answer":
        return this.#take(message.id)?.resolve(message.value as never);
      case "rejected":
        for (const id of message.ids) this.#take(id)?.reject(fromWire(message.error));
    }
  }

  #appended(id: number, receivedAt: number): void {
    const { slab, request } = this.#waiting.get(id)!.sent!;
    const result = readFates(slab.memory, request.sets, receivedAt);
    this.#take(id)?.resolve(result as never);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#waitingBytes -= waiting.bytes;
    if (waiting.sent !== undefined) this.#slabs.giveBack(waiting.sent.slab);
    return waiting;
  }

  #end(): MillraceError | undefined {
    if (!this.#closing) {
      this.#failure ??= new MillraceError("INTERNAL", "the log's thread ended by itself");
    }
    const error = this.#failure ?? new MillraceError("NOT_READY", "the log is closed");
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#waitingBytes = 0;
    return this.#failure;
  }
}

/** Why a request can't be appended whatever the state of the disk. */
function defectOf(request: AppendRequest): MillraceError | undefined {
  const defect = requestDefect(request);
  return defect === undefined ? undefined : new MillraceError("INTERNAL", `append: ${defect}`);
}
