import { MillraceError, asMillraceError, type ErrorCode } from "../../../core/errors.ts";
import type { IdsIndexStats } from "../../ids/ids-index.ts";
import type { RequestShape } from "./append-slab.ts";
import type { EventPlace, ReaderPosition, RetentionBounds, TrimResult } from "../log.ts";

/** What the log's thread is started with. */
export interface WriterSettings {
  readonly dir: string;
  readonly topics: readonly { readonly topic: string; readonly partitions: number }[];
  readonly requiredReaders: readonly string[];
  readonly horizonMs: number;
  readonly tableIdsMax: number;
  readonly filterBytesMax: number;
  readonly batchBytesMax: number;
  readonly commitEventsMax: number;
  /** One double, ms: a clock that another thread sets. Absent: the machine's. */
  readonly clock?: SharedArrayBuffer | undefined;
}

/** Counts since the log was opened, and how long the last commits took. */
export interface WriterStats {
  readonly commits: number;
  readonly events: number;
  readonly duplicates: number;
  /** Of the last 1,024 commits, ms. */
  readonly commitMsP50: number;
  readonly commitMsP99: number;
  readonly ids: IdsIndexStats;
}

/** What the log's thread does beside appending. */
export interface WriterCalls {
  heartbeat(): number;
  ensureTopic(topic: string, partitions: number): void;
  setPositions(reader: string, positions: readonly ReaderPosition[]): void;
  trim(bounds: RetentionBounds): TrimResult;
  locate(hash: Uint32Array): EventPlace | undefined;
  stats(): WriterStats;
  close(): void;
}

/** A request whose rows are in a slab. */
export interface ToAppend {
  readonly id: number;
  readonly request: RequestShape;
  readonly slab: number;
  /** The slab's memory; absent where it came with an earlier request. */
  readonly memory: SharedArrayBuffer | undefined;
}

export interface ToCall {
  readonly id: number;
  readonly kind: "call";
  readonly name: keyof WriterCalls;
  readonly args: readonly unknown[];
}

export type ToWriter = { readonly kind: "append"; readonly appends: readonly ToAppend[] } | ToCall;

export type FromWriter =
  | { readonly kind: "ready"; readonly secret: Uint8Array }
  | { readonly kind: "failed"; readonly error: WireError }
  /** The fates of the rows are in their requests' slabs. */
  | { readonly kind: "appended"; readonly ids: readonly number[]; readonly receivedAt: number }
  | { readonly kind: "rejected"; readonly ids: readonly number[]; readonly error: WireError }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown };

/** A `MillraceError` as structured clone carries it. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

export function toWire(thrown: unknown): WireError {
  const { code, message, hint } = asMillraceError(thrown);
  return { code, message, hint };
}

export const fromWire = ({ code, message, hint }: WireError): MillraceError =>
  new MillraceError(code, message, hint === undefined ? {} : { hint });
