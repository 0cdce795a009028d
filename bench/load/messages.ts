import type { EventFile } from "../events/event-file.ts";

/** What the load generator is told: one order after the other. */
export interface LoadOrder {
  readonly file: EventFile;
  readonly host: string;
  readonly port: number;
  readonly writeKey: string;
  readonly events: number;
  readonly perBody: number;
  readonly connections: number;
  /** Events a second; as many as the collector takes, when it isn't given. */
  readonly rate?: number;
  /** How often to tell how far it is: after this share of the events. */
  readonly tellEvery: number;
}

/** How far it is. */
export interface LoadTold {
  readonly kind: "told";
  readonly acknowledged: number;
}

/** What came of an order. */
export interface LoadDone {
  readonly kind: "done";
  readonly sent: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly refused: number;
  /** Requests that were told to come again. */
  readonly retried: number;
  readonly ms: number;
  readonly answerMsP50: number;
  readonly answerMsP99: number;
  /** CPU of the generator's process, microseconds. */
  readonly cpuUs: number;
}

export type LoadMessage =
  | LoadTold
  | LoadDone
  | { readonly kind: "failed"; readonly message: string };
