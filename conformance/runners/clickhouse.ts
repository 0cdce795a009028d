import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cubeTables } from "../../src/language/compile/clickhouse/cube-tables.ts";
import { metricSelect } from "../../src/language/compile/clickhouse/metric-select.ts";
import { modelColumns, modelSelect } from "../../src/language/compile/clickhouse/model-select.ts";
import { modelTable } from "../../src/language/compile/clickhouse/model-table.ts";
import { ruleSelect } from "../../src/language/compile/clickhouse/rule-select.ts";
import { topicTable } from "../../src/language/compile/clickhouse/topic-table.ts";
import { parseDecimal } from "../../src/core/decimal.ts";
import { dimensionTypes, metricComponents } from "../../src/language/plan/metric-row.ts";
import type { CubeNode, MetricNode, ModelNode, RuleNode } from "../../src/language/plan/nodes.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { SLACK_MS } from "../../src/language/plan/window.ts";
import type { ValueType } from "../../src/language/schema/field-type.ts";
import { clickhouseType, type Layout } from "../../src/language/schema/layout.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import { quotedTable } from "../../src/storage/warehouse/statements.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { readableRow, type ComparedRow } from "../readable.ts";
import { NOBODY } from "./embedded.ts";
import { daysOf, progressOf, rangeOf, topicOf } from "./ranges.ts";

/** One engine for the whole run; each case has its tables for itself, one after the other. */
export interface ClickHouseRunner {
  /** Makes a case's tables where there are none, and loads its log. */
  load(of: Case, records: readonly LogRecord[]): Promise<void>;
  /** Deletes the events of a subject that no case has. */
  eraseNobody(of: Case): Promise<void>;
  /** The rows of metrics, models, cubes and rules. */
  rows(of: Case, records: readonly LogRecord[]): Promise<readonly Readable[]>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the engine in a folder of its own. */
export async function openClickHouseRunner(): Promise<ClickHouseRunner> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-conformance-"));
  const keys = { adminKey: "admin", pipelineKey: "pipeline" };
  const started = await startWarehouse({ dataDir: join(folder, "warehouse"), ...keys });
  const warehouse = clickHouseWarehouse({
    url: started.url,
    database: started.database,
    user: "pipeline",
    key: keys.pipelineKey,
  });
  const runner = new Runner(warehouse, folder);
  const close = async (): Promise<void> => {
    await warehouse.close();
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    load: (of, records) => runner.load(of, records),
    eraseNobody: (of) => runner.eraseNobody(of),
    rows: (of, records) => runner.rows(of, records),
    clear: () => runner.clear(),
    close,
  };
}

class Runner {
  readonly #warehouse: Warehouse;
  readonly #folder: string;
  #files = 0;

  constructor(warehouse: Warehouse, folder: string) {
    this.#warehouse = warehouse;
    this.#folder = folder;
  }

  async load(of: Case, records: readonly LogRecord[]): Promise<void> {
    const { plan } = of;
    // An older definition's table is there first; then the columns it lacks are added.
    for (const topic of [...of.topicsBefore, ...of.topics]) await this.#all(topicTable(topic));
    for (const cube of plan.cubes) await this.#all(cubeTables(cube, topicOf(of, cube.from)));
    for (const model of plan.models) await this.#all(modelTable(model));
    for (const topic of of.topics) {
      const rows = records.flatMap((each) =>
        each.topic === topic.name && each.row !== undefined ? [each.row] : [],
      );
      const byLayout = Map.groupBy(rows, (row) => row.layout.id);
      for (const same of byLayout.values()) {
        await this.#insert(
          topic.name,
          same[0]!.layout,
          same.map((row) => row.bytes),
        );
      }
    }
  }

  async #insert(table: string, layout: Layout, rows: readonly Uint8Array[]): Promise<void> {
    const path = join(this.#folder, `${++this.#files}.rows`);
    await writeFile(path, Buffer.concat(rows));
    await this.#warehouse.insertFile({
      table,
      path,
      columns: layout.columns.map((each) => ({ name: each.name, type: clickhouseType(each) })),
      token: path,
    });
    await rm(path);
  }

  async eraseNobody(of: Case): Promise<void> {
    for (const { name, leaves } of of.topics) {
      const subjects = leaves.filter((leaf) => leaf.subject);
      const terms = subjects.map((leaf) => `\`${leaf.path}\` = '${NOBODY}'`);
      const where = terms.join(" OR ") || "0 = 1";
      await this.#warehouse.command(`DELETE FROM ${quotedTable(name)} WHERE ${where}`);
    }
  }

  async rows(of: Case, records: readonly LogRecord[]): Promise<readonly Readable[]> {
    const { metrics, rules, models, cubes } = of.plan;
    const found = await Promise.all([
      ...metrics.map((metric) => this.#metric(of, metric, records)),
      ...rules.map((rule) => this.#rule(of, rule, records)),
      ...cubes.map((cube) => this.#cube(cube)),
    ]);
    // One after the other: a model may read another.
    for (const model of models) found.push(await this.#model(of, model, records));
    return found.flat();
  }

  async clear(): Promise<void> {
    const tables = await this.#query(
      "SELECT name, engine FROM system.tables WHERE database = currentDatabase()",
    );
    // Views first: they read the tables.
    const views = tables.filter((table) => String(table["engine"]).endsWith("View"));
    for (const { name } of [...views, ...tables.filter((table) => !views.includes(table))]) {
      await this.#warehouse.command(`DROP TABLE IF EXISTS ${quotedTable(String(name))} SYNC`);
    }
  }

  async #rule(
    of: Case,
    rule: RuleNode,
    records: readonly LogRecord[],
  ): Promise<readonly Readable[]> {
    const topic = topicOf(of, rule.on);
    const relation = quotedTable(topic.name);
    const range = rangeOf(topic, records, 1);
    const [row] = await this.#query(ruleSelect(rule, topic, { relation, ...range }));
    const broken = Number(row!["broken"]);
    return broken === 0 ? [] : [{ rule: rule.name, broken }];
  }

  async #metric(
    of: Case,
    metric: MetricNode,
    records: readonly LogRecord[],
  ): Promise<readonly Readable[]> {
    const topic = topicOf(of, metric.from);
    const { window } = metric;
    const reach = window.kind === "session" ? window.gapMs + 1 : window.sizeMs;
    const range = rangeOf(topic, records, reach);
    const progress = progressOf(of, topic, records);
    const select = (more: { readonly endedByMs?: number }): string =>
      metricSelect(metric, topic, {
        relation: quotedTable(topic.name),
        lateness: "on-time",
        ...range,
        readToMs: range.toMs + reach,
        ...more,
      });
    // Closed is what had ended when the stream had come this far.
    const ended = progress - metric.graceMs - SLACK_MS;
    const [all, closed] = await Promise.all([
      this.#query(select({})),
      ended < 0 ? [] : this.#query(select({ endedByMs: ended })),
    ]);
    const placeOf = (row: Readable): string => `${row["key"]} ${row["window_start"]}`;
    const places = new Set(closed.map(placeOf));
    return all.flatMap((row) => {
      const isClosed = places.has(placeOf(row));
      if (metric.emit === "close" && !isClosed) return [];
      return [readableRow(metric, rowOf(metric, row, isClosed))];
    });
  }

  /** Every day of the input, in one statement, as a backfill of a range of days does it. */
  async #model(
    of: Case,
    model: ModelNode,
    records: readonly LogRecord[],
  ): Promise<readonly Readable[]> {
    const topic = of.topics.find((each) => each.name === model.from);
    const joined = of.topics.find((each) => each.name === model.join?.table);
    const select = modelSelect(model, {
      relation: quotedTable(model.from),
      ...daysOf(of, records),
      ...(topic !== undefined && { topic }),
      ...(joined !== undefined && { joined }),
    });
    const table = quotedTable(model.name);
    await this.#warehouse.command(`TRUNCATE TABLE ${table}`);
    await this.#warehouse.command(`INSERT INTO ${table} ${select}`);
    const columns = modelColumns(model);
    const rows = await this.#query(`SELECT * FROM ${table}`);
    return rows.map((row) => {
      const [day, ...rest] = columns.map(({ name, type }) => [name, shown(type, row[name])]);
      const { _incomplete: incomplete, ...values } = Object.fromEntries(rest) as Readable;
      const mark = incomplete === true && { incomplete };
      return { model: model.name, day: day![1], ...values, ...mark };
    });
  }

  async #cube(cube: CubeNode): Promise<readonly Readable[]> {
    const types = await this.#query(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${cube.name}' ORDER BY position`,
    );
    const rows = await this.#query(`SELECT * FROM ${quotedTable(cube.name)}`);
    return rows.map((row) => {
      const columns = types.map(({ name, type }) => [name, shown(String(type), row[String(name)])]);
      const { incomplete, ...rest } = Object.fromEntries(columns) as Readable;
      return { cube: cube.name, ...rest, ...(incomplete === true && { incomplete }) };
    });
  }

  #query(sql: string): Promise<Readable[]> {
    // Amounts of 38 digits have no place in a number of JSON.
    const settings = {
      output_format_json_quote_decimals: 1,
      output_format_json_quote_64bit_integers: 1,
      date_time_output_format: "iso",
    };
    return this.#warehouse.query<Readable>(sql, { settings });
  }

  async #all(statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.#warehouse.command(statement);
  }
}

function rowOf(metric: MetricNode, row: Readable, closed: boolean): ComparedRow {
  const types = dimensionTypes(metric.by);
  return {
    key: String(row["key"]),
    dimensions: metric.by.map(({ name }, at) => valueOf(types[at]!, row[name])),
    windowStart: Date.parse(String(row["window_start"])),
    windowEnd: Date.parse(String(row["window_end"])),
    components: metricComponents(metric).map(({ name, type }) => valueOf(type, row[name])),
    incomplete: row["incomplete"] === true,
    closed,
    latePending: Number(row["late_pending"]),
  };
}

/** A value as the engine prints it. */
function valueOf(type: ValueType, value: unknown): Value {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "integer":
      return BigInt(value as string);
    case "decimal":
      return parseDecimal(value as string, type.scale) ?? null;
    case "timestamp":
      return Date.parse(String(value));
    default:
      return value as Value;
  }
}

/** A value of a column of this ClickHouse type, as `expected.jsonl` has it. */
function shown(type: string, value: unknown): unknown {
  if (value === null) return null;
  if (/Int64|Int32/.test(type)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  const decimal = /Decimal\(\d+, (\d+)\)/.exec(type);
  if (decimal !== null) return withPlaces(String(value), Number(decimal[1]));
  if (type.includes("DateTime")) return new Date(String(value)).toISOString();
  return value;
}

/** The engine leaves zeros at the end of a decimal out. */
function withPlaces(text: string, scale: number): string {
  if (scale === 0) return text;
  const [whole = "0", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(scale, "0")}`;
}
