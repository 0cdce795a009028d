import type { MillraceError } from "../../core/errors.ts";
import type { BatchAnswer } from "../answer.ts";
import type { DoorBatch } from "../door-batch.ts";
import type { DoorProgram } from "../door-program.ts";
import type { CollectRequest, CollectResponse } from "../http/collect-request.ts";
import type { Problem } from "../scan/problem.ts";

/** A request's body as a protocol understands it, before its events are looked at. */
export interface Decoded {
  /** A write key in the body. */
  readonly writeKey?: string | undefined;
  /** The client's clock when it sent the batch, ms; NaN when it doesn't say. */
  readonly sentAt: number;
  /** Bits of `_flags` for every row. */
  readonly flags?: number;
  /** The topic that a refusal of the whole body is counted under. */
  readonly topic: string;
  /** Stages or rejects every event; a problem when the whole body is to be refused. */
  validate(batch: DoorBatch): Promise<Problem | undefined>;
  /** The bytes that an event came with. */
  raw(batch: DoorBatch, eventIndex: number): Uint8Array;
}

/** One wire protocol: which requests speak it, how to read them and how to answer. */
export interface Protocol {
  /** Names the source of events in the ledger. */
  readonly name: string;
  handles(method: string, path: string): boolean;
  /** An answer that needs neither key nor events, such as a client's settings. */
  immediate?(request: CollectRequest): CollectResponse | undefined;
  /** Reads the decompressed body. Throws a `MillraceError` when it can't be read at all. */
  decode(request: CollectRequest, body: Buffer, program: DoorProgram): Decoded;
  answer(request: CollectRequest, answer: BatchAnswer): CollectResponse;
  failure(request: CollectRequest, error: MillraceError): CollectResponse;
}

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" } as const;

export const jsonResponse = (
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): CollectResponse => ({ status, headers: { ...JSON_HEADERS, ...headers }, body });

/** Seconds after which a client may try again what the machine couldn't take. */
const RETRY_AFTER_S = 1;

/** The plain answer to a failed request; what a retry can help says when. */
export function errorResponse(error: MillraceError): CollectResponse {
  const status = error.code === "STORAGE_FULL" ? 503 : error.status;
  const mayRetry = status === 429 || status === 503;
  return jsonResponse(
    status,
    JSON.stringify(error),
    mayRetry ? { "retry-after": String(RETRY_AFTER_S) } : {},
  );
}
