import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import { parseDecimal } from "../../src/core/decimal.ts";
import { cubeSelect } from "../../src/language/compile/spark/cube-select.ts";
import { quoteText, SPARK_SETTINGS } from "../../src/language/compile/spark/dialect.ts";
import { filesView } from "../../src/language/compile/spark/files-view.ts";
import { metricSelect } from "../../src/language/compile/spark/metric-select.ts";
import { modelColumns, modelSelect } from "../../src/language/compile/spark/model-select.ts";
import { ruleSelect } from "../../src/language/compile/spark/rule-select.ts";
import { quoteName } from "../../src/language/compile/sql/sql-text.ts";
import { typeOf } from "../../src/language/plan/expression.ts";
import { resultType } from "../../src/language/plan/measure.ts";
import { dimensionTypes, metricComponents } from "../../src/language/plan/metric-row.ts";
import type { CubeNode, MetricNode, ModelNode } from "../../src/language/plan/nodes.ts";
import type { Topic } from "../../src/language/plan/topic.ts";
import type { Value } from "../../src/language/plan/value.ts";
import { SLACK_MS } from "../../src/language/plan/window.ts";
import type { ValueType } from "../../src/language/schema/field-type.ts";
import { clickhouseType } from "../../src/language/schema/layout.ts";
import { LAKE_SETTINGS } from "../../src/process/load/lake-statements.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import { startWarehouse } from "../../src/storage/warehouse/embedded/start-warehouse.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";
import type { Case, LogRecord, Readable } from "../case.ts";
import { readableRow, readableValue } from "../readable.ts";
import { daysOf, progressOf, rangeOf, topicOf } from "./ranges.ts";

/** A case and its log. */
export interface LoadedCase {
  readonly of: Case;
  readonly records: readonly LogRecord[];
}

/**
 * The rows of metrics, models, cubes and rules of all cases, by the case's name: one process of
 * Spark runs one file of SQL over Parquet files, written as the lake's are. A case whose SQL fails
 * has no rows; what Spark said of it is in `errors`.
 */
export async function runSpark(
  { home, javaHome }: NonNullable<ClusterAddresses["spark"]>,
  cases: readonly LoadedCase[],
): Promise<{ readonly rows: ReadonlyMap<string, readonly Readable[]>; readonly errors: string }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-spark-"));
  try {
    await writeFiles(folder, cases);
    const queries = new Map(cases.map((each, at) => [`c${at}`, new CaseQueries(each, folder)]));
    const statements = [
      ...Object.entries(SPARK_SETTINGS).map(([name, value]) => `SET ${name} = ${value}`),
      ...[...queries].flatMap(([id, each]) => each.statements(id)),
    ];
    const path = join(folder, "all.sql");
    await writeFile(path, statements.map((sql) => `${sql};\n`).join(""));
    const { out, errors } = await sparkSql(home, javaHome, path, folder);
    const found = Map.groupBy(rowsIn(out, queries), ({ of }) => of.name);
    const rows = new Map(
      [...found].map(([name, own]) => [
        name,
        own.flatMap(({ row }) => (row === undefined ? [] : [row])),
      ]),
    );
    return { rows, errors };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows that Spark printed: the case, the query and the row on a line of its own. */
function* rowsIn(out: string, queries: ReadonlyMap<string, CaseQueries>) {
  for (const line of out.split("\n")) {
    const [id, query, json] = line.split("\t");
    const of = queries.get(id!);
    if (of === undefined || json === undefined) continue;
    yield { of, row: of.read(query!, JSON.parse(json) as Record<string, string>) };
  }
}

async function sparkSql(home: string, javaHome: string, path: string, folder: string) {
  const settings = {
    // Rows are few, queries many: to compile them would take longer than to run them.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.ui.enabled": "false",
    "spark.sql.warehouse.dir": join(folder, "warehouse"),
    "spark.sql.catalogImplementation": "in-memory",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
  };
  const child = spawn(
    join(home, "bin", "spark-sql"),
    [
      ...["--master", "local[2]", "--driver-memory", "1g"],
      ...Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
      ...["--hiveconf", "hive.cli.errors.ignore=true", "-S", "-f", path],
    ],
    {
      cwd: folder,
      env: { ...process.env, SPARK_HOME: home, JAVA_HOME: javaHome, SPARK_LOCAL_IP: "127.0.0.1" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [out, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { out, errors };
}

/** The events of each case as the lake has them: a folder a topic, a file a layout. */
async function writeFiles(folder: string, cases: readonly LoadedCase[]): Promise<void> {
  const keys = { adminKey: "admin", pipelineKey: "pipeline" };
  const started = await startWarehouse({ dataDir: join(folder, "engine"), ...keys });
  const warehouse = clickHouseWarehouse({
    url: started.url,
    database: started.database,
    user: "pipeline",
    key: keys.pipelineKey,
  });
  try {
    for (const { of, records } of cases) {
      for (const topic of of.topics) {
        const path = folderOf(folder, of, topic);
        await mkdir(path, { recursive: true });
        await writeTopic(warehouse, path, topic, records);
      }
    }
  } finally {
    await warehouse.close();
    await started.stop();
  }
}

const folderOf = (folder: string, of: Case, topic: Topic): string =>
  join(folder, "lake", of.name, topic.name);

async function writeTopic(
  warehouse: Warehouse,
  folder: string,
  topic: Topic,
  records: readonly LogRecord[],
): Promise<void> {
  const rows = records.flatMap(({ topic: name, row }) =>
    name === topic.name && row !== undefined ? [row] : [],
  );
  for (const [id, same] of Map.groupBy(rows, (row) => row.layout.id)) {
    const source = join(folder, `_${id}.rows`);
    await writeFile(source, Buffer.concat(same.map((row) => row.bytes)));
    const columns = same[0]!.layout.columns.map((each) => ({
      name: each.name,
      type: clickhouseType(each),
    }));
    const path = join(folder, `${id}.parquet`);
    await warehouse.exportFile({
      from: { path: source, columns },
      path,
      format: "Parquet",
      settings: LAKE_SETTINGS,
    });
    await rm(source);
  }
}

/** A column of a query's rows, all of them texts. */
interface Column {
  readonly name: string;
  readonly type: ValueType | { readonly kind: "date" };
}

const textSql = ({ name, type }: Column): string => {
  const column = quoteName(name);
  const value = type.kind === "timestamp" ? `UNIX_MILLIS(${column})` : column;
  return `CAST(${value} AS STRING) AS ${column}`;
};

const column = (name: string, kind: Exclude<ValueType["kind"], "decimal">): Column => ({
  name,
  type: { kind },
});

/** A case's statements, and how their rows are read. */
class CaseQueries {
  readonly name: string;
  readonly #loaded: LoadedCase;
  readonly #folder: string;
  readonly #readers: ((row: Record<string, string>) => Readable | undefined)[] = [];

  constructor(loaded: LoadedCase, folder: string) {
    this.name = loaded.of.name;
    this.#loaded = loaded;
    this.#folder = folder;
  }

  statements(id: string): readonly string[] {
    const { of } = this.#loaded;
    const { metrics, models, cubes, rules } = of.plan;
    const queries = [
      ...metrics.map((metric) => this.#metric(id, metric)),
      ...models.map((model) => this.#model(id, model)),
      ...cubes.map((cube) => this.#cube(id, cube)),
      ...rules.map((rule) => {
        const topic = topicOf(of, rule.on);
        const select = ruleSelect(rule, topic, {
          relation: this.#view(id, rule.on),
          range: rangeOf(topic, this.#loaded.records, 1),
        });
        return this.#query(id, select, [column("broken", "integer")], ({ broken }) =>
          broken === "0" ? undefined : { rule: rule.name, broken: Number(broken) },
        );
      }),
    ];
    return [
      ...of.topics.map((topic) =>
        filesView(`${id}/${topic.name}`, topic.layout, folderOf(this.#folder, of, topic)),
      ),
      ...models.map(
        (model) =>
          `CREATE OR REPLACE TEMPORARY VIEW ${this.#view(id, model.name)} AS ${this.#modelSelect(id, model)}`,
      ),
      ...(queries.length === 0 ? [] : [queries.join(" UNION ALL ")]),
    ];
  }

  read(reader: string, row: Record<string, string>): Readable | undefined {
    return this.#readers[Number(reader)]!(row);
  }

  #view(id: string, name: string): string {
    return quoteName(`${id}/${name}`);
  }

  #query(
    id: string,
    select: string,
    columns: readonly Column[],
    read: (row: Record<string, string>) => Readable | undefined,
  ): string {
    const at = this.#readers.push(read) - 1;
    const texts = `SELECT ${columns.map(textSql).join(", ")} FROM (${select})`;
    return `SELECT CONCAT(${quoteText(`${id}\t${at}\t`)}, TO_JSON(STRUCT(*))) FROM (${texts})`;
  }

  #metric(id: string, metric: MetricNode): string {
    const { of, records } = this.#loaded;
    const topic = topicOf(of, metric.from);
    const { window } = metric;
    const reach = window.kind === "session" ? window.gapMs + 1 : window.sizeMs;
    const range = rangeOf(topic, records, reach);
    // Closed is what had ended when the stream had come this far.
    const endedByMs = progressOf(of, topic, records) - metric.graceMs - SLACK_MS;
    const afterEnd = window.kind === "session" ? window.gapMs : 0;
    const select = metricSelect(metric, topic, {
      relation: this.#view(id, topic.name),
      lateness: "on-time",
      range: { ...range, readToMs: range.toMs + reach },
      ...(metric.emit === "close" && { endedByMs: Math.max(endedByMs, 0) }),
    });
    const columns = [
      column("key", "string"),
      column("window_start", "timestamp"),
      column("window_end", "timestamp"),
      ...metric.by.map(({ name, value }) => ({ name, type: typeOf(value).type })),
      ...metricComponents(metric),
      column("incomplete", "boolean"),
      column("late_pending", "integer"),
    ];
    return this.#query(id, select, columns, (row) =>
      rowOf(metric, row, Number(row["window_end"]) + afterEnd <= endedByMs),
    );
  }

  #modelSelect(id: string, model: ModelNode): string {
    const { of, records } = this.#loaded;
    const topic = of.topics.find((each) => each.name === model.from);
    const joined = of.topics.find((each) => each.name === model.join?.table);
    return modelSelect(model, {
      relation: this.#view(id, model.from),
      range: daysOf(of, records),
      ...(topic && { topic }),
      ...(joined && { joined: { topic: joined, relation: this.#view(id, joined.name) } }),
    });
  }

  #model(id: string, model: ModelNode): string {
    const columns = modelColumns(model).map(({ name, type }): Column => ({
      name,
      type: type ?? { kind: "date" },
    }));
    const select = `SELECT * FROM ${this.#view(id, model.name)}`;
    return this.#query(id, select, columns, (row) => {
      const { _day: day, _incomplete: incomplete, ...rest } = shown(columns, row);
      return { model: model.name, day, ...rest, ...(incomplete === true && { incomplete }) };
    });
  }

  #cube(id: string, cube: CubeNode): string {
    const topic = topicOf(this.#loaded.of, cube.from);
    const columns = [
      column(cube.every, "timestamp"),
      ...cube.by.map(({ name, value }) => ({ name, type: typeOf(value).type })),
      ...cube.measures.map(({ name, aggregate }) => ({ name, type: resultType(aggregate) })),
      column("incomplete", "boolean"),
    ];
    const select = cubeSelect(cube, topic, { relation: this.#view(id, topic.name) });
    return this.#query(id, select, columns, (row) => {
      const { incomplete, ...rest } = shown(columns, row);
      return { cube: cube.name, ...rest, ...(incomplete === true && { incomplete }) };
    });
  }
}

const shown = (columns: readonly Column[], row: Record<string, string>): Readable =>
  Object.fromEntries(
    columns.map(({ name, type }) => [
      name,
      type.kind === "date" ? row[name] : readableValue(type, valueOf(type, row[name])),
    ]),
  );

function rowOf(metric: MetricNode, row: Record<string, string>, closed: boolean): Readable {
  const types = dimensionTypes(metric.by);
  return readableRow(metric, {
    key: row["key"]!,
    dimensions: metric.by.map(({ name }, at) => valueOf(types[at]!, row[name])),
    windowStart: Number(row["window_start"]),
    windowEnd: Number(row["window_end"]),
    components: metricComponents(metric).map(({ name, type }) => valueOf(type, row[name])),
    incomplete: row["incomplete"] === "true",
    closed,
    latePending: Number(row["late_pending"]),
  });
}

/** A value from the text that Spark makes of it. */
function valueOf(type: ValueType, value: string | undefined): Value {
  if (value === undefined) return null;
  switch (type.kind) {
    case "integer":
      return BigInt(value);
    case "decimal": {
      const [digits] = value.split("E");
      return parseDecimal(digits!, type.scale) ?? null;
    }
    case "timestamp":
    case "float":
      return Number(value);
    case "boolean":
      return value === "true";
    case "string":
      return value;
  }
}
