import type { Topic } from "../../plan/topic.ts";
import { clickhouseType, type Column } from "../../schema/layout.ts";
import { columnCodec } from "./row-columns.ts";
import { quoteName } from "./sql-text.ts";

/** How the rows of a topic are kept. */
export interface TopicTableOptions {
  /** Days after which rows leave the table, counted from their time. Never, when absent. */
  readonly retentionDays?: number;
}

/** Inserts of a token that are remembered, so that a repeated one changes nothing. */
export const DEDUPLICATION_WINDOW = 10_000;

/**
 * How many parts of a size come together before they are merged (ClickHouse's default is 5): each
 * level of merges writes every row once more, and 16 to the power of three inserts are few levels.
 */
const MERGE_BASE = 16;

const columnSql = (column: Column): string =>
  `${quoteName(column.name)} ${clickhouseType(column)} ${columnCodec(column)}`;

/**
 * Statements that bring a topic's table about and up to date, each of which may be repeated: the
 * table, and each column of the layout, or index, that an older table lacks. Columns are never dropped or
 * changed: rows of earlier versions stay readable, with null (or the type's zero) in new columns.
 */
export function topicTable(topic: Topic, options: TopicTableOptions = {}): readonly string[] {
  const name = quoteName(topic.name);
  const { columns } = topic.layout;
  const time = quoteName(topic.time);
  const create = [
    `CREATE TABLE IF NOT EXISTS ${name} (`,
    [...columns.map(columnSql), idIndex(topic)].map((line) => `  ${line}`).join(",\n"),
    `) ENGINE = MergeTree`,
    `PARTITION BY toYYYYMM(${time})`,
    `ORDER BY (${sortingKey(topic).join(", ")})`,
    ttl(time, options),
    `SETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}, merge_selector_base = ${MERGE_BASE}`,
  ];
  return [
    create.filter((line) => line !== "").join("\n"),
    `ALTER TABLE ${name} ${columns
      .map((column, at) => {
        const place = at === 0 ? "FIRST" : `AFTER ${quoteName(columns[at - 1]!.name)}`;
        return `ADD COLUMN IF NOT EXISTS ${columnSql(column)} ${place}`;
      })
      .join(", ")}, ADD ${idIndex(topic).replace("INDEX", "INDEX IF NOT EXISTS")}`,
  ];
}

/**
 * Finds the one event of an id among many by a filter of 1.2 bytes an event, not by reading all ids;
 * an insert takes no measurably longer for it. In older parts of an older table it is missing until
 * they are merged.
 */
const idIndex = ({ id }: Topic): string =>
  `INDEX \`_by_id\` ${quoteName(id)} TYPE bloom_filter(0.01) GRANULARITY 1`;

/** Changes how long rows are kept in a table that exists. */
export function topicRetention(topic: Topic, options: TopicTableOptions): string {
  const name = quoteName(topic.name);
  const clause = ttl(quoteName(topic.time), options);
  return clause === "" ? `ALTER TABLE ${name} REMOVE TTL` : `ALTER TABLE ${name} MODIFY ${clause}`;
}

const ttl = (time: string, { retentionDays }: TopicTableOptions): string =>
  retentionDays === undefined ? "" : `TTL toDateTime(${time}) + toIntervalDay(${retentionDays})`;

/**
 * Low-cardinality columns that can't be null first (there is at most one worth it, an event's
 * type), then the time: what a question about one type in one hour reads is close together.
 * A table is sorted by its key, the versions of a row beside each other.
 */
function sortingKey(topic: Topic): readonly string[] {
  if (topic.node.kind === "table") {
    return [...topic.key.map(quoteName), quoteName(topic.time), "`_offset`"];
  }
  const types = topic.layout.columns.filter(
    (column) => column.lowCardinality && !column.nullable && column.role === "declared",
  );
  const hour = `toStartOfHour(${quoteName(topic.time)})`;
  return [
    hour,
    ...types.slice(0, 1).map((column) => quoteName(column.name)),
    quoteName(topic.time),
    "`_offset`",
  ];
}
