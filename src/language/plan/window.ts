/** How a metric cuts time. All windows are aligned to the epoch, `[start, end)`. */
export type Window =
  | { readonly kind: "tumbling"; readonly sizeMs: number }
  | { readonly kind: "sliding"; readonly sizeMs: number; readonly everyMs: number }
  /** Events at most `gapMs` apart belong together; a larger distance starts a new session. */
  | { readonly kind: "session"; readonly gapMs: number };
