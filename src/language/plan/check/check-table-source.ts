import { columnOf } from "../table-source.ts";
import type { TableNode } from "../nodes.ts";
import type { Problem } from "./problem.ts";

/** A schema and a table that need no quotes, as most have. */
const TABLE = /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/i;
const DATABASE = /^[a-zA-Z][a-zA-Z0-9_-]{0,39}$/;
/** What a change says itself. */
const OF_THE_CHANGE = ["event_id", "timestamp"];

/** What a table's source asks for that can't be had from a database. */
export function checkTableSource({ name, fields, from }: TableNode): readonly Problem[] {
  if (from === undefined) return [];
  const problems: Problem[] = [];
  const problem = (field: string, message: string, hint: string): void =>
    void problems.push({ node: `table ${name}`, field, message, hint });
  if (!TABLE.test(from.table)) {
    problem("from", `"${from.table}" isn't a table with its schema`, `such as "public.users"`);
  }
  if (from.database !== undefined && !DATABASE.test(from.database)) {
    const hint = "letters, digits, - and _, beginning with a letter, 40 at most";
    problem("from", `"${from.database}" can't be a database's name`, hint);
  }
  for (const { name: field, type } of fields) {
    if (type.kind === "record") {
      problem(field, "a row of a database has no records", "declare its columns one by one");
    }
    if (OF_THE_CHANGE.includes(field)) {
      const hint = `call it otherwise, with columns: { …: "${columnOf(from, field)}" }`;
      problem(field, `\`${field}\` is the change's own`, hint);
    }
  }
  for (const field of Object.keys(from.columns ?? {})) {
    if (fields.some((each) => each.name === field)) continue;
    problem("from", `columns names ${field}, which isn't a field`, "declare it, or leave it out");
  }
  return problems;
}
