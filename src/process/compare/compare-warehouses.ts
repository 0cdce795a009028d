import { cubeTime } from "../../language/compile/clickhouse/cube-tables.ts";
import { quoteName, timeSql } from "../../language/compile/clickhouse/sql-text.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/** What one table holds in both warehouses. */
export interface ComparedTable {
  readonly table: string;
  /** Rows of each. */
  readonly rows: readonly [number, number];
  /** Rows that only one of them has, the first few. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  readonly isSame: boolean;
}

/** Kinds of tables, in the order in which they are compared. */
export const TABLE_KINDS = ["tables", "events", "metrics", "models", "cubes", "alerts"] as const;

export type TableKind = (typeof TABLE_KINDS)[number];

export interface Comparison {
  /** Default: all. */
  readonly kinds?: readonly TableKind[];
  /** Leaves out events, windows and days that aren't over before it, ms; tables are whole. */
  readonly beforeMs?: number;
}

/** A warehouse that may be asked. */
export type Asked = Pick<Warehouse, "query">;

/** What each runtime says by itself, of the same rows: where and when it had them. */
const OWN: Readonly<Record<TableKind, readonly string[]>> = {
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
export async function compareWarehouses(
  plan: Plan,
  warehouses: readonly [Asked, Asked],
  { kinds = TABLE_KINDS, beforeMs }: Comparison = {},
): Promise<readonly ComparedTable[]> {
  const compared: ComparedTable[] = [];
  for (const kind of kinds) {
    for (const { name, over } of tablesOf(plan)[kind]) {
      const where = beforeMs === undefined || over === undefined ? "" : ` WHERE ${over(beforeMs)}`;
      compared.push(await compareTable(name, warehouses, OWN[kind], where));
    }
  }
  return compared;
}

interface NamedTable {
  readonly name: string;
  /** The condition that a row is about what was over before a time. */
  readonly over?: (beforeMs: number) => string;
}

const beforeDay = (column: string) => (ms: number) => `${column} < toDate(${timeSql(ms)})`;
const beforeTime = (column: string) => (ms: number) => `${column} < ${timeSql(ms)}`;

const tablesOf = (plan: Plan): Readonly<Record<TableKind, readonly NamedTable[]>> => ({
  tables: plan.tables.map(({ name }) => ({ name })),
  events: topicsOf(plan).flatMap(({ name, node, time }) =>
    node.kind === "table" ? [] : [{ name, over: beforeTime(quoteName(time)) }],
  ),
  metrics: plan.metrics.map(({ name }) => ({ name, over: beforeTime("window_end") })),
  models: plan.models.map(({ name }) => ({ name, over: beforeDay("`_day`") })),
  cubes: plan.cubes.map((cube) => ({
    name: cube.name,
    over: (ms) => `${quoteName(cubeTime(cube))} < toStartOf${startOf[cube.every]}(${timeSql(ms)})`,
  })),
  alerts: [{ name: "millrace_alerts", over: beforeTime("window_end") }],
});

const startOf = { hour: "Hour", day: "Day" } as const;

async function compareTable(
  table: string,
  warehouses: readonly [Asked, Asked],
  own: readonly string[],
  where: string,
): Promise<ComparedTable> {
  const rows = `SELECT toJSONString(tuple(COLUMNS('.*') EXCEPT('^(${own.join("|")})$'))) AS row,
    cityHash64(row) AS hash, hash % ${PARTS} AS part FROM ${quoteName(table)}${where}`;
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
async function partsOf(warehouse: Asked, rows: string): Promise<ReadonlyMap<string, Part>> {
  const parts = await warehouse.query<{ part: string; n: string; hash: string }>(
    `SELECT part, count() AS n, sum(toUInt128(hash)) AS hash FROM (${rows}) GROUP BY part`,
  );
  return new Map(parts.map(({ part, n, hash }) => [String(part), { n: Number(n), hash }]));
}

/** How often each row of some parts is there, by its text. */
async function rowsOf(
  warehouse: Asked,
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
