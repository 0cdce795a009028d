import { MillraceError } from "../core/errors.ts";
import type { AppendRequest, AppendResult } from "../storage/log/append-request.ts";
import type { PendingCount } from "../storage/log/log.ts";
import { AnswerDraft, type BatchAnswer } from "./answer.ts";
import type { DoorBatch } from "./door-batch.ts";
import { DoorBatch as Batch } from "./door-batch.ts";
import { deriveBatch } from "./derive-batch.ts";
import type { DoorProgram } from "./door-program.ts";
import type { CollectRequest } from "./http/collect-request.ts";
import { decompress } from "./http/decompress.ts";
import { writeKeysOf } from "./http/find-write-key.ts";
import type { WriteKeys } from "./keys/write-keys.ts";
import type { Decoded, Protocol } from "./protocols/protocol.ts";

/** Takes requests for the log: gate (deduplication), append, fsync. */
export interface LogAppender {
  /**
   * Resolves once the request is durable; what it needs of the request's memory it has copied when
   * it returns. Rejects with `RATE_LIMITED` when the queue is full,
   * `STORAGE_FULL` or `STORAGE_FAILED`. `keyName`: the name of the write key it came by.
   */
  append(request: AppendRequest, keyName?: string): Promise<AppendResult>;
}

/** What the steps work with. */
export interface PassageContext {
  readonly program: DoorProgram;
  readonly keys: WriteKeys;
  readonly writer: LogAppender;
  readonly decompressedBytesMax: number;
}

/** Counts of earlier refusals that wait for an append to take them along. */
export interface WaitingCounts {
  takePending(): readonly PendingCount[];
  putBack(counts: readonly PendingCount[]): void;
}

/** One request on its way through the steps. */
export interface Passage {
  readonly context: PassageContext;
  readonly protocol: Protocol;
  readonly request: CollectRequest;
  readonly nowMs: number;
  /** Counts to make durable along with the events. */
  readonly counts: WaitingCounts;
  decoded?: Decoded;
  /** Name of the write key. */
  keyName?: string;
  batch?: DoorBatch;
  answer?: BatchAnswer;
}

export type StepName = "decode" | "authenticate" | "validate" | "derive" | "append";

export interface Step {
  readonly name: StepName;
  /** Throws the `MillraceError` that refuses the whole request. */
  run(passage: Passage): void | Promise<void>;
}

/** Gives the memory that a request's events took back, for the next one's; may be called again. */
export function release({ batch, request }: Passage): void {
  batch?.release();
  request.release?.();
}

/**
 * The way of a request's events, in this order (design §4). `protect`, which will tokenise
 * subjects, has its place after `derive` and before anything looks at keys; `gate`, which
 * deduplicates, is the first thing that the log's writer does with an append.
 */
export const STEPS: readonly Step[] = [
  {
    name: "decode",
    async run(passage) {
      const { request, context, protocol } = passage;
      const encoding = request.headers["content-encoding"] ?? "";
      const body = await decompress(request.body, encoding, context.decompressedBytesMax);
      passage.decoded = protocol.decode(request, body, context.program);
    },
  },
  {
    name: "authenticate",
    run(passage) {
      const { request, decoded, context } = passage;
      const keys = writeKeysOf(request, decoded!.writeKey);
      for (const key of keys) {
        const record = context.keys.find(key);
        if (record === undefined) continue;
        passage.keyName = record.name;
        return;
      }
      const what = keys.length === 0 ? "no write key was sent" : "the write key isn't known";
      throw new MillraceError("UNAUTHENTICATED", what, {
        hint: "send it as `Authorization: Bearer <write key>`",
      });
    },
  },
  {
    name: "validate",
    async run(passage) {
      const { decoded, nowMs, protocol } = passage;
      const { sentAt, flags = 0 } = decoded!;
      passage.batch = new Batch({ nowMs, sentAt, flags }, protocol.name);
      const problem = await decoded!.validate(passage.batch);
      if (problem === undefined) return;
      const { code, message, field, hint } = problem;
      throw new MillraceError(code, message, { ...(field && { field }), ...(hint && { hint }) });
    },
  },
  {
    name: "derive",
    run: ({ batch, decoded }) => deriveBatch(batch!, (index) => decoded!.raw(batch!, index)),
  },
  {
    name: "append",
    async run(passage) {
      const { batch, context, counts } = passage;
      const draft = new AnswerDraft(batch!);
      const request = batch!.request();
      const isEmpty = request.sets.length === 0 && (request.counts?.length ?? 0) === 0;
      if (isEmpty) {
        passage.answer = draft.answer({ receivedAt: passage.nowMs, sets: [] });
        return;
      }
      const waiting = counts.takePending();
      try {
        const all = { ...request, counts: [...(request.counts ?? []), ...waiting] };
        const appending = context.writer.append(all, passage.keyName);
        release(passage); // the log has copied what it needs
        passage.answer = draft.answer(await appending);
      } catch (error) {
        counts.putBack(waiting);
        throw error;
      }
    },
  },
];
