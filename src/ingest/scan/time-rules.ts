import { ROW_FLAGS } from "../../language/schema/layout.ts";

/** The event times that are taken, and when one ahead of the door's clock is drawn back. */
export const TIME_BOUNDS = {
  /** 1971-01-01T00:00:00Z. */
  earliestMs: 31_536_000_000,
  /** Further ahead of `received_at` a time becomes `received_at`. */
  futureMsMax: 120_000,
  /** Further ahead of `received_at` an event is quarantined. */
  futureMsRefused: 86_400_000,
} as const;

/** What the rules of time make of one event; one object is used again for each. */
export interface TimeVerdict {
  /** NaN when the event is out of range. */
  time: number;
  /** The client's own time where it isn't `time`; otherwise NaN. */
  original: number;
  flags: number;
}

export const timeVerdict = (): TimeVerdict => ({ time: 0, original: Number.NaN, flags: 0 });

/**
 * The event time by design §3.1: corrected by `sentAt` (NaN: not given), drawn back to `nowMs` when
 * a little ahead, out of range when far ahead or before 1971.
 */
export function judgeTime(client: number, sentAt: number, nowMs: number, out: TimeVerdict): void {
  let time = client;
  out.flags = 0;
  if (!Number.isNaN(sentAt) && sentAt !== nowMs) {
    time = nowMs - (sentAt - client);
    out.flags = ROW_FLAGS.timeCorrected;
  }
  if (time < TIME_BOUNDS.earliestMs || time > nowMs + TIME_BOUNDS.futureMsRefused) {
    out.time = Number.NaN;
    return;
  }
  if (time > nowMs + TIME_BOUNDS.futureMsMax) {
    time = nowMs;
    out.flags |= ROW_FLAGS.timeClamped;
  }
  out.time = time;
  out.original = out.flags === 0 ? Number.NaN : client;
}
