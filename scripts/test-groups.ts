import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./steps.ts";

/** Test files that run in one way. */
export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
  /** `none`: all in one process, quick, for pure code. `process`: each file in its own. */
  readonly isolation: "none" | "process";
  readonly concurrency: number;
}

/** Folders of tests that are run by themselves; each file has its own process. */
const HEAVY = ["conformance", "simulation", "stress", "engines"];

/** What needs the whole machine runs alone. */
const ALONE = ["stress", "engines"];

/** Only `npm run test:full` runs these: their engines take long to fetch, or to start. */
export const FULL_ONLY: readonly string[] = [
  "conformance/flink-since.integration.test.ts",
  "conformance/flink.integration.test.ts",
  "conformance/moving/moving.integration.test.ts",
  "conformance/spark.integration.test.ts",
  "conformance/whole/whole-with-flink.integration.test.ts",
  "conformance/whole/whole.integration.test.ts",
  "engines/connect.integration.test.ts",
  "engines/flink.integration.test.ts",
  "engines/hdfs.integration.test.ts",
  "engines/mosquitto.integration.test.ts",
  "engines/postgres.integration.test.ts",
  "engines/spark.integration.test.ts",
  "engines/victoria-metrics.integration.test.ts",
  "src/runtimes/cluster/connect-restart.integration.test.ts",
  "src/runtimes/cluster/batch-spark.integration.test.ts",
  "src/runtimes/cluster/connect/wrong-password.integration.test.ts",
  "src/runtimes/cluster/flink/secured-kafka.integration.test.ts",
  "src/runtimes/cluster/lake-hdfs.integration.test.ts",
  "src/runtimes/cluster/mqtt.integration.test.ts",
  "src/runtimes/cluster/secured.integration.test.ts",
  "src/runtimes/cluster/stream-role.integration.test.ts",
  "src/runtimes/cluster/deploy.integration.test.ts",
  "src/storage/lake/hdfs/hdfs-lake.integration.test.ts",
  "stress/scale-out.integration.test.ts",
];

/** The tests that there are, the cheap ones first; those that start real engines last. */
export function testGroups({ isFull = false } = {}): TestGroup[] {
  const all = globSync("**/*.test.ts", {
    cwd: ROOT,
    exclude: (path) => /^(node_modules|\.git|data|data-.*)$/.test(path),
  })
    .filter((path) => isFull || !FULL_ONLY.includes(path))
    .toSorted();
  const heavyOf = (path: string): string | undefined =>
    needsEngines(path) ? "engines" : HEAVY.find((folder) => path.startsWith(`${folder}/`));
  const light = all.filter((path) => heavyOf(path) === undefined);
  const needsProcess = (path: string): boolean => path.endsWith(".integration.test.ts");
  return [
    {
      name: "unit",
      files: light.filter((path) => !needsProcess(path)),
      isolation: "none" as const,
      concurrency: 1,
    },
    {
      name: "integration",
      files: light.filter(needsProcess),
      isolation: "process" as const,
      concurrency: 2,
    },
    ...HEAVY.map((name) => ({
      name,
      files: all.filter((path) => heavyOf(path) === name),
      isolation: "process" as const,
      concurrency: ALONE.includes(name) ? 1 : 2,
    })),
  ].filter((group) => group.files.length > 0);
}

/** Such tests may kill what others use: they run one after the other. */
const needsEngines = (path: string): boolean =>
  path.endsWith(".integration.test.ts") &&
  readFileSync(join(ROOT, path), "utf8").includes("await engineSuite(");
