import { deepFreeze } from "../../core/freeze.ts";
import type { DurationText } from "../../core/time.ts";
import type { Window } from "../plan/window.ts";
import { durationMs } from "./duration.ts";

/** Windows of one size, side by side: `[n × size, (n + 1) × size)` since the epoch. */
export const tumbling = (size: DurationText): Window =>
  deepFreeze({ kind: "tumbling", sizeMs: durationMs(size, "tumbling") });

/** Overlapping windows of one size, a new one `every` so often. */
export const sliding = (size: DurationText, every: DurationText): Window =>
  deepFreeze({
    kind: "sliding",
    sizeMs: durationMs(size, "sliding"),
    everyMs: durationMs(every, "sliding"),
  });

/** Sessions: events of a key at most `gap` apart. */
export const session = (gap: DurationText): Window =>
  deepFreeze({ kind: "session", gapMs: durationMs(gap, "session") });
