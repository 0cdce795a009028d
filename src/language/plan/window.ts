/** How a metric cuts time. All windows are aligned to the epoch, `[start, end)`. */
export type Window =
  | { readonly kind: "tumbling"; readonly sizeMs: number }
  | { readonly kind: "sliding"; readonly sizeMs: number; readonly everyMs: number }
  /** Events at most `gapMs` apart belong together; a larger distance starts a new session. */
  | { readonly kind: "session"; readonly gapMs: number };

/**
 * How far `received_at` may run backwards within a partition, ms, exclusive. A record held longer
 * is stamped anew; engines close windows this much later than the rule needs.
 */
export const SLACK_MS = 10_000;

/** Grace of a topic without metrics, ms: what counts as late for its models and cubes. */
export const DEFAULT_GRACE_MS = 300_000;

/** How far after `received_at` an event time may lie, ms: the door corrects or refuses the rest. */
export const FUTURE_MS = 120_000;
