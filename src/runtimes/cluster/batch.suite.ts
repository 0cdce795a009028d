import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import type { LogRecord } from "../../../conformance/case.ts";
import { logOf } from "../../../conformance/log-of-case.ts";
import type { ClusterAddresses } from "../../../engines/cluster-addresses.ts";
import { manualClock } from "../../core/clock.ts";
import { UNIT_MS } from "../../core/time.ts";
import { quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import { DEFAULT_GRACE_MS, SLACK_MS } from "../../language/plan/window.ts";
import { clickhouseType } from "../../language/schema/layout.ts";
import { amend } from "../../process/batch/amend.ts";
import type { BackfillDaysReport } from "../../process/batch/backfill-days.ts";
import type { BatchContext } from "../../process/batch/batch-context.ts";
import { ClickHouseEngine } from "../../process/batch/clickhouse-engine.ts";
import { runModels } from "../../process/batch/models.ts";
import { createRunTables } from "../../process/batch/run-records.ts";
import { writeStreamRows } from "../../process/batch/test-support/stream-rows.ts";
import {
  openTestWarehouse,
  type TestWarehouse,
} from "../../process/batch/test-support/test-warehouse.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import { S3Client } from "../../storage/lake/s3/s3-client.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { MILLRACE } from "../embedded/running.fixture.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";
import { FIRST_DAY, LAST_DAY, shopDays } from "./shop-days.fixture.ts";

const timeout = 900_000;
const FROM = Date.parse(`${FIRST_DAY}T00:00:00Z`);
const PROGRESS = FROM + 2 * UNIT_MS.d + UNIT_MS.h;

/**
 * The role batch: from Kafka's events to rows that equal the embedded engine's. What of the cluster's
 * file says who computes is the caller's.
 */
export function batchSuite(
  name: string,
  { kafka, registry, s3 }: Required<ClusterAddresses>,
  computing: Pick<ClusterConfig, "spark">,
): void {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-batch-"));
  const prefix = `b${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const of = shopDays();
  const { plan, topics } = of;
  const cases = new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, prefix);
  const replicas: Replica[] = [];
  let oracle: TestWarehouse | undefined;
  let served: TestWarehouse | undefined;

  const contextOf = ({ warehouse }: TestWarehouse): BatchContext => ({
    plan,
    topics,
    warehouse,
    engine: new ClickHouseEngine({ warehouse }),
    amendFrom: "table",
    clock: manualClock(PROGRESS),
    slackMs: SLACK_MS,
    progress: () => PROGRESS,
    beforeWriting: async () => undefined,
  });
  const startBatch = (name: string): Promise<Replica> =>
    startReplica({
      config,
      role: "batch",
      data: join(folder, name),
      env: { MILLRACE_AMEND_SECONDS: "5", SPARK_CONF_DIR: sparkConf },
    });
  const sparkConf = join(folder, "spark");

  before(
    async () => {
      mkdirSync(sparkConf);
      writeFileSync(join(sparkConf, "spark-defaults.conf"), FEW_ROWS.join("\n"));
      [oracle, served] = [await openTestWarehouse(), await openTestWarehouse()];
      const { records } = await logOf(of);
      for (const each of [oracle, served]) {
        await applyTables(plan, each.warehouse);
        await createRunTables(each.warehouse);
        for (const { name } of topics) await insert(each, name, records);
        // What the stream would have written, in one warehouse as in the other.
        const range = { fromMs: FROM - UNIT_MS.d, toMs: PROGRESS };
        for (const metric of plan.metrics) await writeStreamRows(contextOf(each), metric, range);
      }
      const context = contextOf(oracle);
      await amend(context, lateHours(records));
      await runModels(context, { days: [FIRST_DAY, LAST_DAY], store: "table" });

      const bucket = { ...s3, bucket: prefix, pathStyle: true };
      const client = new S3Client(bucket);
      await client.put("", new Uint8Array());
      client.close();
      const { url } = served;
      const warehouse = { url, database: "millrace", user: "pipeline", key: "pipeline" };
      const file = { kafka, registry, s3: bucket, ...computing, warehouse, prefix, partitions: 3 };
      writeFileSync(config, JSON.stringify(file));
      replicas.push(await startReplica({ config, role: "lake", data: join(folder, "lake") }));
      await cases.produce(of, prefix, records);
      replicas.push(await startBatch("batch-a"));
    },
    { timeout },
  );
  after(async () => {
    for (const replica of replicas) await replica.stop();
    await served?.close();
    await oracle?.close();
    const own = (await cases.client.topics()).filter((name) => name.startsWith(prefix));
    await cases.client.deleteTopics(own);
    await cases.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe(name, () => {
    test("days that are over are computed and audited", { timeout }, async () => {
      const audits = await until(async () => {
        const rows = await served!.warehouse.query<Record<string, string>>(
          "SELECT toString(day) AS day, metric, side, rows, missing, extra, different FROM millrace_audits FINAL ORDER BY day, metric, side",
        );
        return rows.length === 4 * plan.metrics.length ? rows : undefined;
      });
      for (const { missing, extra, different, ...which } of audits) {
        assert.deepEqual([missing, extra, different], ["0", "0", "0"], JSON.stringify(which));
      }
      assert.ok(audits.some(({ rows }) => Number(rows) > 50));
    });

    test("models have the embedded engine's rows", { timeout }, async () => {
      for (const { name } of plan.models) {
        const rows = await tableRows(served!.warehouse, name);
        assert.ok(rows.length > 100, `${name} has rows`);
        assert.equal(rows, await tableRows(oracle!.warehouse, name), name);
      }
    });

    test(
      "late events are in the metrics, as the embedded engine amends them",
      { timeout },
      async () => {
        for (const { name } of plan.metrics) {
          assert.equal(
            await tableRows(served!.warehouse, name, "generation > 0 AS amended"),
            await tableRows(oracle!.warehouse, name, "generation > 0 AS amended"),
            name,
          );
        }
      },
    );

    test("a day that is computed again changes nothing", { timeout }, async () => {
      const before = await all(served!.warehouse);
      const report = await backfill();
      assert.equal(report.models.length, plan.models.length);
      assert.deepEqual(
        report.metrics.map(({ rows }) => rows),
        plan.metrics.map(() => 0),
      );
      assert.equal(await all(served!.warehouse), before);
    });

    test("a replica that is killed leaves no half a day", { timeout }, async () => {
      const before = await all(served!.warehouse);
      replicas.push(await startBatch("batch-b"));
      // Asked for until one is seen under way.
      for (let isSeen = false; !isSeen;) {
        const asked = backfill("user_daily_metrics");
        const done = asked.then(() => "done" as const);
        isSeen = await until(async () => {
          const state = await Promise.race([done, isFilling()]);
          return state === "done" ? false : state || undefined;
        });
        if (isSeen) await replicas.splice(1, 1)[0]!.kill();
        assert.equal(await all(served!.warehouse), before);
        const { models } = await asked;
        assert.ok(models.every(({ rows }) => rows > 0));
      }
      assert.equal(await all(served!.warehouse), before);
    });
  });

  const backfill = async (...more: readonly string[]): Promise<BackfillDaysReport> => {
    const range = ["--from", FIRST_DAY, "--to", LAST_DAY, ...more];
    const args = [MILLRACE, "backfill", "--cluster", config, ...range];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as BackfillDaysReport;
  };

  /** Whether a model's rows are on their way. */
  const isFilling = async (): Promise<boolean> => {
    const [row] = await served!.warehouse.query<{ n: string }>(
      "SELECT count() AS n FROM system.tables WHERE startsWith(name, 'user_sessions__stage_')",
    );
    return row?.n !== "0";
  };

  const all = async (warehouse: Warehouse): Promise<string> => {
    const names = [...plan.models, ...plan.metrics].map(({ name }) => name);
    const texts: string[] = [];
    for (const name of names) texts.push(await tableRows(warehouse, name));
    return texts.join("\n\n");
  };

  const insert = async (
    { warehouse, folder: files }: TestWarehouse,
    name: string,
    records: readonly LogRecord[],
  ): Promise<void> => {
    const rows = records.flatMap(({ topic, row }) => (topic === name && row ? [row] : []));
    if (rows.length === 0) return;
    const path = join(files, `${name}.rows`);
    writeFileSync(path, Buffer.concat(rows.map(({ bytes }) => bytes)));
    const columns = rows[0]!.layout.columns.map((each) => ({
      name: each.name,
      type: clickhouseType(each),
    }));
    await warehouse.insertFile({ table: name, path, columns, token: path });
  };

  const lateHours = (records: readonly LogRecord[]) => {
    const hours = new Set<string>();
    for (const { topic, receivedAt, row } of records) {
      const of = topics.find(({ name }) => name === topic)!;
      if (row === undefined || of.node.kind === "table") continue;
      const time = row.values.get(of.time) as number;
      if (receivedAt <= time + DEFAULT_GRACE_MS) continue;
      hours.add(`${Math.floor(time / UNIT_MS.h) * UNIT_MS.h} ${topic}`);
    }
    return [...hours].map((text) => {
      const [hour, topic] = text.split(" ");
      return { topic: topic!, hour: Number(hour) };
    });
  };
}

/** Rows are few, statements many: to compile them would take longer than to run them. */
const FEW_ROWS = [
  "spark.driver.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  "spark.sql.codegen.wholeStage false",
  "spark.sql.codegen.factoryMode NO_CODEGEN",
  "spark.sql.shuffle.partitions 2",
];

/** Everything but what depends on the run. */
const tableRows = (warehouse: Warehouse, name: string, more = "1"): Promise<string> =>
  warehouse.queryText(
    `SELECT * EXCEPT '^(generation|version)$', ${more} FROM ${quoteName(name)} ORDER BY ALL`,
    { format: "JSONEachRow" },
  );

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
