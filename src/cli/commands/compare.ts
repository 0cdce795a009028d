import { resolve } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import {
  compareWarehouses,
  type Asked,
  type ComparedTable,
} from "../../process/compare/compare-warehouses.ts";
import { readClusterConfig, warehouseOf } from "../../runtimes/cluster/cluster-config.ts";
import { definitionFile, loadDefinition } from "../../runtimes/definition/load-definition.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { usageError, type Command } from "../command.ts";
import type { Io } from "../io.ts";
import { clusterOption, dataOption, findRunning, type RunningPipeline } from "../running.ts";
import { tableText } from "../table-text.ts";

export const command: Command = {
  name: "compare",
  summary: "show what a pipeline and a cluster say differently",
  usage: ["millrace compare [FILE or FOLDER] --cluster FILE [--before TIME]"],
  details: [
    "Compares every table of both warehouses row by row: events, tables, metrics, models, cubes and",
    "alerts, save where and when each got a row. The first rows that only one of them has are shown. It ends",
    "with exit code 1 when something differs. What comes meanwhile is in one before it is in the",
    "other: with --before TIME (RFC 3339, or a number of minutes ago) only what was over then is compared.",
  ].join("\n"),
  options: {
    ...clusterOption,
    ...dataOption,
    before: { type: "string", value: "TIME", description: "compare only what was over then" },
    json: { type: "boolean", description: "print JSON" },
  },
  run: async (args, io) => {
    const cluster = args.text("cluster");
    if (cluster === undefined) {
      throw usageError("compare needs --cluster", "millrace compare --cluster cluster.json");
    }
    const plan = await loadDefinition(definitionFile(resolve(io.cwd, args.positionals[0] ?? ".")));
    const warehouse = clickHouseWarehouse(warehouseOf(readClusterConfig(resolve(io.cwd, cluster))));
    const beforeMs = timeOf(args.text("before"), io.clock.nowMs());
    try {
      const tables = await compareWarehouses(plan, [asked(findRunning(args, io)), warehouse], {
        ...(beforeMs !== undefined && { beforeMs }),
      });
      if (args.flag("json")) io.out(`${JSON.stringify({ tables })}\n`);
      else show(tables, io);
      return tables.every(({ isSame }) => isSame) ? 0 : 1;
    } finally {
      await warehouse.close();
    }
  },
};

/** A running pipeline's warehouse, behind its API. */
const asked = (running: RunningPipeline): Asked => ({
  query: async <Row>(sql: string): Promise<Row[]> => {
    const { rows } = (await running.request("POST", "/v1/sql", { sql })) as { rows: Row[] };
    return rows;
  },
});

function timeOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? nowMs - Number(text) * 60_000 : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new MillraceError("ARGUMENT_INVALID", `${text} is no time`, {
    field: "--before",
    hint: "2026-01-31T12:00:00Z, or 10 for ten minutes ago",
  });
}

function show(tables: readonly ComparedTable[], io: Io): void {
  io.out(
    tableText(
      tables.map(({ table, rows, isSame }) => ({
        table,
        pipeline: rows[0],
        cluster: rows[1],
        "": isSame ? "same" : "DIFFERENT",
      })),
    ),
  );
  for (const { table, onlyFirst, onlySecond } of tables) {
    for (const row of onlyFirst) io.out(`${table}: only the pipeline has ${row}\n`);
    for (const row of onlySecond) io.out(`${table}: only the cluster has ${row}\n`);
  }
}
