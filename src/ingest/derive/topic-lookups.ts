import { compileRows } from "../../language/compile/javascript/compile-rows.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { Lookups } from "./lookups.ts";

/** Stamps a topic's lookups on a row whose columns before them are already there. */
export interface TopicLookups {
  readonly count: number;
  /** Writes after the columns of the row at `start`; gives the position after the stamps. */
  write(rows: Uint8Array, start: number, into: Uint8Array, at: number): number;
}

/** `undefined` when nobody asks for a lookup of the topic. */
export function topicLookups(topic: Topic, lookups: Lookups): TopicLookups | undefined {
  if (topic.lookups.length === 0) return undefined;
  const before: Layout = {
    id: `${topic.layout.id}:stamped`,
    columns: topic.layout.columns.slice(
      0,
      topic.layout.columns.findIndex((column) => column.role === "lookup"),
    ),
  };
  const program = compileRows(
    before,
    topic.lookups.map((lookup) => lookup.key),
  );
  const has = (index: number, rows: Uint8Array): boolean | undefined => {
    const { table } = topic.lookups[index]!;
    const range = program.texts[index];
    if (range !== undefined) {
      return range.find() ? lookups.has(table, rows, range.start(), range.end()) : undefined;
    }
    const key = program.values[index]!();
    if (typeof key !== "string") return undefined;
    const bytes = Buffer.from(key);
    return lookups.has(table, bytes, 0, bytes.length);
  };
  return {
    count: topic.lookups.length,
    write(rows, start, into, at) {
      program.run(rows, start);
      let to = at;
      for (let index = 0; index < topic.lookups.length; index++) {
        const isThere = has(index, rows);
        into[to++] = isThere === undefined ? 1 : 0;
        if (isThere !== undefined) into[to++] = isThere ? 1 : 0;
      }
      return to;
    },
  };
}
