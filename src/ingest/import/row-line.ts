/**
 * A batch of rows on the wire: a line a row. An empty line is a row that was left out; a line that
 * begins with `{` is an event; `[reason, bytes in base64, message]` is a row that can't be read.
 */
export interface UnreadableRow {
  readonly reason: "ROW_INVALID" | "EVENT_NOT_JSON" | "EVENT_TOO_LARGE";
  /** The row as it is in the file; empty when it is too large to keep. */
  readonly bytes: Uint8Array;
  readonly message: string;
}

export const BLANK_ROW = "\n";

/** The line of a row that can't be read. */
export function unreadableLine({ reason, bytes, message }: UnreadableRow): string {
  return `${JSON.stringify([reason, Buffer.from(bytes).toString("base64"), message])}\n`;
}

/** A line that begins with `[`, read; `undefined` when it isn't one of ours. */
export function parseUnreadable(line: string): UnreadableRow | undefined {
  try {
    const parts: unknown = JSON.parse(line);
    if (!Array.isArray(parts) || parts.length !== 3) return undefined;
    const [reason, base64, message] = parts as unknown[];
    if (reason !== "ROW_INVALID" && reason !== "EVENT_NOT_JSON" && reason !== "EVENT_TOO_LARGE") {
      return undefined;
    }
    if (typeof base64 !== "string" || typeof message !== "string") return undefined;
    return { reason, bytes: Buffer.from(base64, "base64"), message };
  } catch {
    return undefined;
  }
}
