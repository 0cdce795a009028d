import type { Quarantined, QuarantineQuery } from "../../storage/log/log.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/**
 * What the warehouse keeps of what wasn't taken, and how much came in, where no log on the same
 * machine does. Every row has the place that it was read from, so that reading it again adds nothing.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS millrace_quarantine (
    topic LowCardinality(String), offset UInt64, id UInt64, received_at DateTime64(3, 'UTC'),
    reason LowCardinality(String), field String, rule String, event_id String,
    source LowCardinality(String), base64 String CODEC(ZSTD),
    INDEX by_event event_id TYPE bloom_filter GRANULARITY 4
  ) ENGINE = ReplacingMergeTree ORDER BY (topic, offset)
  TTL toDateTime(received_at) + INTERVAL 30 DAY`,
  `CREATE TABLE IF NOT EXISTS millrace_refused (
    offset UInt64, place UInt32, topic LowCardinality(String), received_at DateTime64(3, 'UTC'),
    reason LowCardinality(String), source LowCardinality(String), n UInt64
  ) ENGINE = ReplacingMergeTree ORDER BY (offset, place)
  TTL toDateTime(received_at) + INTERVAL 400 DAY`,
  `CREATE TABLE IF NOT EXISTS millrace_received (
    topic LowCardinality(String), partition UInt16, from_offset UInt64, minutes Array(UInt64),
    counts Array(UInt64), newest DateTime64(3, 'UTC'), generation UInt64
  ) ENGINE = ReplacingMergeTree(generation) ORDER BY (topic, partition, from_offset)
  TTL toDateTime(newest) + INTERVAL 400 DAY`,
];

/** Events of one partition's offsets from `fromOffset` on, by the minute they were received in. */
export interface ReceivedRange {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  /** By the minute's start, ms. */
  readonly byMinute: ReadonlyMap<number, number>;
  /** When the last record there was received, ms. */
  readonly lastReceivedAt: number;
  /** Of two counts from the same offset on, the one of the greater generation is true. */
  readonly generation: number;
}

/** Events that were refused, as one record says. */
export interface RefusedCount {
  readonly offset: number;
  /** The count's place in the record. */
  readonly place: number;
  readonly topic: string;
  readonly receivedAt: number;
  readonly reason: string;
  readonly source: string;
  readonly n: number;
}

/** `id` and `bytes` as read; `offset` is that of its record. */
export interface QuarantinedRecord extends Omit<Quarantined, "id"> {
  readonly offset: number;
}

/** Events by topic, partition (where known), minute and reason. */
export interface MinuteCount {
  readonly topic: string;
  readonly partition: number | null;
  /** ms */
  readonly minute: number;
  readonly reason: string;
  readonly source: string;
  readonly n: number;
}

/** Minutes that begin in `[from, to)`, ms. */
export interface MinutesQuery {
  readonly from: number;
  readonly to: number;
  readonly topic?: string | undefined;
}

/** The ledger's and the quarantine's tables in the warehouse. */
export class QualityStore {
  readonly #warehouse: Warehouse;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Makes the tables; may be repeated. */
  async create(): Promise<void> {
    for (const table of TABLES) await this.#warehouse.command(table);
  }

  async putReceived(ranges: readonly ReceivedRange[]): Promise<void> {
    await this.#insert(
      "millrace_received",
      ranges.map(({ topic, partition, fromOffset, byMinute, lastReceivedAt, generation }) => ({
        topic,
        partition,
        from_offset: fromOffset,
        minutes: [...byMinute.keys()],
        counts: [...byMinute.values()],
        newest: timeText(lastReceivedAt),
        generation,
      })),
    );
  }

  async putRefused(counts: readonly RefusedCount[]): Promise<void> {
    await this.#insert(
      "millrace_refused",
      counts.map(({ receivedAt, ...count }) => ({ ...count, received_at: timeText(receivedAt) })),
    );
  }

  async putQuarantined(records: readonly QuarantinedRecord[]): Promise<void> {
    await this.#insert(
      "millrace_quarantine",
      records.map((each) => ({
        topic: each.topic,
        offset: each.offset,
        id: each.receivedAt * IDS_OF_A_MS + (each.offset % IDS_OF_A_MS),
        received_at: timeText(each.receivedAt),
        reason: each.reason,
        field: each.field ?? "",
        rule: each.rule ?? "",
        event_id: each.eventId ?? "",
        source: each.source,
        base64: Buffer.from(each.bytes).toString("base64"),
      })),
    );
  }

  /** Events in raw topics. */
  received({ from, to, topic = "" }: MinutesQuery): Promise<MinuteCount[]> {
    return this.#counts(
      `SELECT topic, partition, minute, '' AS reason, '' AS source, sum(count) AS n
       FROM (SELECT * FROM millrace_received FINAL) ARRAY JOIN minutes AS minute, counts AS count
       WHERE minute >= {from:UInt64} AND minute < {to:UInt64} AND ${OF_TOPIC}
       GROUP BY topic, partition, minute`,
      { from, to, topic },
    );
  }

  refused({ from, to, topic = "" }: MinutesQuery): Promise<MinuteCount[]> {
    return this.#counts(
      `SELECT topic, NULL AS partition, ${MINUTE} AS minute, reason, source, sum(n) AS n
       FROM (SELECT * FROM millrace_refused FINAL) WHERE ${WITHIN} AND ${OF_TOPIC}
       GROUP BY topic, minute, reason, source`,
      { from, to, topic },
    );
  }

  quarantinedCounts({ from, to, topic = "" }: MinutesQuery): Promise<MinuteCount[]> {
    return this.#counts(
      `SELECT topic, NULL AS partition, ${MINUTE} AS minute, reason, source, count() AS n
       FROM (SELECT * FROM millrace_quarantine FINAL) WHERE ${WITHIN} AND ${OF_TOPIC}
       GROUP BY topic, minute, reason, source`,
      { from, to, topic },
    );
  }

  /** Oldest first. Those of one id are given together, beyond the limit if need be. */
  async quarantined(query: QuarantineQuery): Promise<Quarantined[]> {
    const { topic = "", reason = "", eventId = "", after = 0, limit = LIMIT } = query;
    const rows = await this.#warehouse.query<QuarantineRow>(
      `SELECT id, topic, toUnixTimestamp64Milli(received_at) AS at, reason, field, rule, event_id,
         source, base64
       FROM millrace_quarantine FINAL
       WHERE id > {after:UInt64} AND ${OF_TOPIC} AND ({reason:String} IN ('', reason))
         AND ({eventId:String} IN ('', event_id))
       ORDER BY id LIMIT {limit:UInt32} WITH TIES`,
      { params: { topic, reason, eventId, after, limit } },
    );
    return rows.map((row) => ({
      id: Number(row.id),
      topic: row.topic,
      receivedAt: Number(row.at),
      reason: row.reason,
      field: row.field === "" ? null : row.field,
      rule: row.rule === "" ? null : row.rule,
      eventId: row.event_id === "" ? null : row.event_id,
      source: row.source,
      bytes: Buffer.from(row.base64, "base64"),
    }));
  }

  async #insert(table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    if (rows.length > 0) await this.#warehouse.insertRows({ table, rows });
  }

  async #counts(sql: string, params: Record<string, string | number>): Promise<MinuteCount[]> {
    const rows = await this.#warehouse.query<CountRow>(sql, { params });
    return rows.map(({ minute, n, ...row }) => ({ ...row, minute: Number(minute), n: Number(n) }));
  }
}

/** Ids are ordered by time, and stay whole numbers that JSON keeps exact. */
const IDS_OF_A_MS = 4_096;
const LIMIT = 100;

const MINUTE = "intDiv(toUnixTimestamp64Milli(received_at), 60000) * 60000";
const WITHIN =
  "received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
const OF_TOPIC = "({topic:String} IN ('', topic))";

const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, -1).replace("T", " ");

interface CountRow extends Omit<MinuteCount, "minute" | "n"> {
  readonly minute: string;
  readonly n: string;
}

interface QuarantineRow {
  readonly id: string;
  readonly topic: string;
  readonly at: string;
  readonly reason: string;
  readonly field: string;
  readonly rule: string;
  readonly event_id: string;
  readonly source: string;
  readonly base64: string;
}
