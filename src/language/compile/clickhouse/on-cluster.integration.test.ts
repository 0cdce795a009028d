/** DDL of a cluster, which the engine parses; to run it takes servers and a keeper. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import shop from "../../../../examples/shop/pipeline.ts";
import {
  openTestWarehouse,
  type TestWarehouse,
} from "../../../process/batch/test-support/test-warehouse.ts";
import { topicsOf } from "../../plan/topic.ts";
import { metricView } from "./metric-tables.ts";
import { onCluster } from "./on-cluster.ts";
import { planTables, topicFinder } from "./plan-tables.ts";
import { topicRetention } from "./topic-table.ts";

const { plan } = shop;
const CLUSTER = "it's one";
const topics = topicsOf(plan);

/** Of each shape that Millrace has. */
const STATEMENTS = [
  ...planTables(plan, { eventDays: 30, metricDays: 400 }),
  ...plan.metrics.map((metric) => metricView(metric, topicFinder(topics)(metric))),
  topicRetention(topics[0]!, { retentionDays: 7 }),
  topicRetention(topics[0]!, {}),
  "CREATE TABLE IF NOT EXISTS plain (\n  a Int8, b DateTime\n) ENGINE = ReplacingMergeTree(b) ORDER BY a",
  "CREATE TABLE `stage_1` AS `daily`",
  "ALTER TABLE `daily` REPLACE PARTITION ID '202501' FROM `stage_1`",
  "ALTER TABLE `daily` DROP PARTITION ID '202501'",
  "DROP TABLE `stage_1` SYNC",
  "DROP TABLE IF EXISTS `stage_1` SYNC",
];

describe("DDL of a cluster", () => {
  let bed: TestWarehouse;
  before(async () => void (bed = await openTestWarehouse()));
  after(() => bed.close());

  test("every statement is one for all servers, and parses", async () => {
    for (const statement of STATEMENTS) {
      const all = onCluster(statement, CLUSTER);
      assert.ok(all.length > 0);
      for (const each of all) {
        assert.match(each, / ON CLUSTER 'it\\'s one'/, each);
        await bed.warehouse.query(`EXPLAIN AST ${each}`);
      }
    }
    await assert.rejects(bed.warehouse.query("EXPLAIN AST CREATE TABEL x"), { code: "SQL_FAILED" });
  });

  test("each table is a replicated one on the shards, and one over them", () => {
    const made = STATEMENTS.flatMap((statement) => onCluster(statement, "c")).flatMap((each) => {
      const found = /^CREATE TABLE IF NOT EXISTS (\S+) ON CLUSTER 'c'[^]*?ENGINE = (\w+)/.exec(
        each,
      );
      return found === null ? [] : [[found[1]!, found[2]!] as const];
    });
    assert.ok(made.length > 0);
    for (const [name, engine] of made) {
      assert.match(engine, name.includes("__local") ? /^Replicated\w*MergeTree$/ : /^Distributed$/);
    }
    const names = new Set(made.map(([name]) => name));
    for (const name of names) {
      if (name.includes("__local")) continue;
      const local = name.endsWith("`") ? `${name.slice(0, -1)}__local\`` : `${name}__local`;
      assert.ok(names.has(local), name);
    }
  });

  test("rows that replace each other are on one shard; partitions are replaced on each", () => {
    assert.deepEqual(onCluster(STATEMENTS.at(-6)!, "c"), [
      "CREATE TABLE IF NOT EXISTS plain__local ON CLUSTER 'c' (\n  a Int8, b DateTime\n) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', b) ORDER BY a",
      "CREATE TABLE IF NOT EXISTS plain ON CLUSTER 'c' AS plain__local\nENGINE = Distributed('c', currentDatabase(), 'plain__local', cityHash64(tuple(a)))",
    ]);
    assert.deepEqual(onCluster(STATEMENTS.at(-4)!, "c"), [
      "ALTER TABLE `daily__local` ON CLUSTER 'c' REPLACE PARTITION ID '202501' FROM `stage_1__local`",
    ]);
  });

  test("a cube's feed reads and fills its own shard", () => {
    const feeds = STATEMENTS.filter((each) => each.startsWith("CREATE MATERIALIZED VIEW"));
    assert.ok(feeds.length > 0);
    for (const feed of feeds) {
      const [each = "", ...others] = onCluster(feed, "c");
      assert.deepEqual(others, []);
      assert.match(each, / TO `[^`]+__local` AS\n[^]*FROM `[^`]+__local` AS s/);
    }
  });

  test("what isn't DDL stays as it is, and unknown DDL is refused", () => {
    const insert = "INSERT INTO `a` SELECT 1";
    assert.deepEqual(onCluster(insert, "c"), [insert]);
    assert.throws(() => onCluster("RENAME TABLE `a` TO `b`", "c"), {
      code: "UNSUPPORTED_BY_ENGINE",
    });
  });
});
