import { quoteName } from "../../src/language/compile/clickhouse/sql-text.ts";
import type { Plan } from "../../src/language/plan/nodes.ts";
import { topicsOf } from "../../src/language/plan/topic.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";

/** What one table holds in both runtimes. */
export interface Compared {
  readonly table: string;
  /** Rows of each runtime. */
  readonly rows: readonly [number, number];
  /** Rows that only one of them has, the first few. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  readonly isSame: boolean;
}

/** Which kinds of tables to compare. */
export type Kind = "tables" | "events" | "metrics" | "models" | "cubes" | "alerts";

/** What each runtime says by itself, of the same rows: where and when it had them. */
const OWN: Readonly<Record<Kind, readonly string[]>> = {
  tables: ["_offset", "_partition", "received_at", "event_id", "timestamp"],
  events: ["_offset", "_partition", "received_at"],
  metrics: ["version", "generation"],
  models: [],
  cubes: [],
  alerts: ["version"],
};
const SHOWN_MAX = 5;

/** Compares the tables of a definition in two warehouses, row by row. */
export async function compare(
  plan: Plan,
  [first, second]: readonly [Warehouse, Warehouse],
  kinds: readonly Kind[],
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  for (const kind of kinds) {
    for (const table of tablesOf(plan)[kind]) {
      const [one, other] = await Promise.all([
        rowsOf(first, table, OWN[kind]),
        rowsOf(second, table, OWN[kind]),
      ]);
      compared.push(comparedRows(table, one, other));
    }
  }
  return compared;
}

const tablesOf = (plan: Plan): Readonly<Record<Kind, readonly string[]>> => ({
  tables: plan.tables.map(({ name }) => name),
  events: topicsOf(plan).flatMap(({ name, node }) => (node.kind === "table" ? [] : [name])),
  metrics: plan.metrics.map(({ name }) => name),
  models: plan.models.map(({ name }) => name),
  cubes: plan.cubes.map(({ name }) => name),
  alerts: ["millrace_alerts"],
});

/** How often each row is there, by its text. */
async function rowsOf(
  warehouse: Warehouse,
  table: string,
  own: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const except = own.length === 0 ? "" : ` EXCEPT('^(${own.join("|")})$')`;
  const rows = await warehouse.query<{ readonly row: string; readonly n: string }>(
    `SELECT toJSONString(tuple(COLUMNS('.*')${except})) AS row, count() AS n
     FROM ${quoteName(table)} GROUP BY row`,
  );
  return new Map(rows.map(({ row, n }) => [row, Number(n)]));
}

function comparedRows(
  table: string,
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): Compared {
  const onlyFirst = missingIn(other, one);
  const onlySecond = missingIn(one, other);
  return {
    table,
    rows: [sum(one), sum(other)],
    onlyFirst: onlyFirst.slice(0, SHOWN_MAX),
    onlySecond: onlySecond.slice(0, SHOWN_MAX),
    isSame: onlyFirst.length === 0 && onlySecond.length === 0,
  };
}

/** Rows that are in `of` more often than in `there`. */
const missingIn = (
  there: ReadonlyMap<string, number>,
  of: ReadonlyMap<string, number>,
): readonly string[] => [...of].filter(([row, n]) => n > (there.get(row) ?? 0)).map(([row]) => row);

const sum = (rows: ReadonlyMap<string, number>): number =>
  [...rows.values()].reduce((total, n) => total + n, 0);
