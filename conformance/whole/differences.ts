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
/** Rows are told apart by the rest of their hash; only parts that differ are read whole. */
const PARTS = 512;
const PARTS_SHOWN_MAX = 4;
const ROWS_SHOWN_MAX = 5;

/** Compares the tables of a definition in two warehouses, row by row. */
export async function compare(
  plan: Plan,
  [first, second]: readonly [Warehouse, Warehouse],
  kinds: readonly Kind[],
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  for (const kind of kinds) {
    for (const table of tablesOf(plan)[kind]) {
      compared.push(await compareTable(table, [first, second], OWN[kind]));
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

async function compareTable(
  table: string,
  warehouses: readonly [Warehouse, Warehouse],
  own: readonly string[],
): Promise<Compared> {
  const rows = `SELECT toJSONString(tuple(COLUMNS('.*') EXCEPT('^(${own.join("|")})$'))) AS row,
    cityHash64(row) AS hash, hash % ${PARTS} AS part FROM ${quoteName(table)}`;
  const [one, other] = await Promise.all(warehouses.map((each) => partsOf(each, rows)));
  const parts = [...new Set([...one!.keys(), ...other!.keys()])];
  const differing = parts.filter((part) => one!.get(part)?.hash !== other!.get(part)?.hash);
  const shown = differing.slice(0, PARTS_SHOWN_MAX);
  const [first, second] = await Promise.all(warehouses.map((each) => rowsOf(each, rows, shown)));
  return {
    table,
    rows: [sum(one!), sum(other!)],
    onlyFirst: missingIn(second!, first!).slice(0, ROWS_SHOWN_MAX),
    onlySecond: missingIn(first!, second!).slice(0, ROWS_SHOWN_MAX),
    isSame: differing.length === 0,
  };
}

interface Part {
  readonly n: number;
  readonly hash: string;
}

/** How many rows each part has, and the sum of their hashes. */
async function partsOf(warehouse: Warehouse, rows: string): Promise<ReadonlyMap<string, Part>> {
  const parts = await warehouse.query<{ part: string; n: string; hash: string }>(
    `SELECT part, count() AS n, sum(toUInt128(hash)) AS hash FROM (${rows}) GROUP BY part`,
  );
  return new Map(parts.map(({ part, n, hash }) => [String(part), { n: Number(n), hash }]));
}

/** How often each row of some parts is there, by its text. */
async function rowsOf(
  warehouse: Warehouse,
  rows: string,
  parts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (parts.length === 0) return new Map();
  const found = await warehouse.query<{ row: string; n: string }>(
    `SELECT row, count() AS n FROM (${rows}) WHERE part IN (${parts.join(", ")}) GROUP BY row`,
  );
  return new Map(found.map(({ row, n }) => [row, Number(n)]));
}

/** Rows that are in `of` more often than in `there`. */
const missingIn = (
  there: ReadonlyMap<string, number>,
  of: ReadonlyMap<string, number>,
): readonly string[] => [...of].filter(([row, n]) => n > (there.get(row) ?? 0)).map(([row]) => row);

const sum = (parts: ReadonlyMap<string, Part>): number =>
  [...parts.values()].reduce((total, { n }) => total + n, 0);
