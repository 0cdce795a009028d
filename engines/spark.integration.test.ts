import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { runTool } from "./run-tool.ts";

await engineSuite("Spark", ["spark"], ({ spark }) => {
  test("a query is answered", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-spark-"));
    try {
      const metastore = "spark.hadoop.javax.jdo.option.ConnectionURL";
      const settings = [
        "spark.ui.enabled=false",
        "spark.driver.bindAddress=127.0.0.1",
        "spark.driver.host=127.0.0.1",
        `spark.sql.warehouse.dir=${join(folder, "warehouse")}`,
        `${metastore}=jdbc:derby:memory:m;create=true`,
      ].flatMap((setting) => ["--conf", setting]);
      const sql = "SELECT SUM(x) FROM VALUES (1), (2), (3) AS t(x)";
      const printed = await runTool(
        join(spark.home, "bin", "spark-sql"),
        ["--master", "local[1]", "--driver-memory", "512m", ...settings, "-e", sql],
        {
          cwd: folder,
          env: { JAVA_HOME: spark.javaHome, SPARK_HOME: spark.home, SPARK_LOCAL_IP: "127.0.0.1" },
          install: "fetch Spark",
        },
      );
      assert.equal(printed.trim(), "6");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
