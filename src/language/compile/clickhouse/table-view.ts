import type { Topic } from "../../plan/topic.ts";
import { ROW_FLAGS } from "../../schema/layout.ts";
import { quoteName } from "./sql-text.ts";

/** Whether a version of a table's row, under this name, is a row: not that it was deleted. */
export const isRow = (name: string): string =>
  `bitAnd(${name}.\`_flags\`, ${ROW_FLAGS.deleted}) = 0`;

/**
 * A dimension table's topic keeps every version; this is the SELECT of the newest of each key: by
 * time, then partition and offset; of a key that was deleted none. `before`: SQL of a time; versions
 * from then on don't count.
 */
export function newestVersions(topic: Topic, before?: string): string {
  const key = quoteName(topic.key[0]!);
  const time = quoteName(topic.time);
  const filter = before === undefined ? "" : ` WHERE ${time} < ${before}`;
  const newest = `SELECT * FROM ${quoteName(topic.name)}${filter} ORDER BY ${key}, ${time} DESC, \`_partition\` DESC, \`_offset\` DESC LIMIT 1 BY ${key}`;
  return `SELECT * FROM (${newest}) AS v WHERE ${isRow("v")}`;
}

/** `<table>__newest`: the newest version of each row. */
export const newestViewName = (table: string): string => `${table}__newest`;

/** Makes or replaces the view of a table's newest versions. */
export const newestView = (topic: Topic): string =>
  `CREATE OR REPLACE VIEW ${quoteName(newestViewName(topic.name))} AS\n${newestVersions(topic)}`;
