import type { Quarantined, QuarantineQuery } from "../../storage/log/log.ts";

/** One quarantined event as HTTP gives it. */
export interface QuarantineItem {
  readonly id: number;
  readonly topic: string;
  /** RFC 3339. */
  readonly received_at: string;
  readonly reason: string;
  readonly field: string | null;
  readonly rule: string | null;
  readonly event_id: string | null;
  readonly source: string;
  /** What was sent, as text where it is UTF-8. */
  readonly text: string | null;
  /** What was sent, every byte. */
  readonly base64: string;
}

export interface QuarantineList {
  readonly items: readonly QuarantineItem[];
  /** Ask with `after` set to this for the next ones; null at the end. */
  readonly next: number | null;
}

const LIMIT = 100;

/** Lists the quarantine, oldest first. */
export async function quarantineList(
  quarantined: (query: QuarantineQuery) => Promise<readonly Quarantined[]>,
  query: QuarantineQuery,
): Promise<QuarantineList> {
  const limit = query.limit ?? LIMIT;
  const items = (await quarantined({ ...query, limit })).map(quarantineItem);
  return { items, next: items.length < limit ? null : items.at(-1)!.id };
}

export function quarantineItem(item: Quarantined): QuarantineItem {
  return {
    id: item.id,
    topic: item.topic,
    received_at: new Date(item.receivedAt).toISOString(),
    reason: item.reason,
    field: item.field,
    rule: item.rule,
    event_id: item.eventId,
    source: item.source,
    text: textOf(item.bytes),
    base64: Buffer.from(item.bytes).toString("base64"),
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
