import { globSync } from "node:fs";
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
const HEAVY = ["engines", "conformance", "simulation", "stress"];

/** What kills engines, or needs the whole machine, runs alone. */
const ALONE = ["engines", "stress"];

/** Every test there is, the cheap ones first. */
export function testGroups(): TestGroup[] {
  const all = globSync("**/*.test.ts", {
    cwd: ROOT,
    exclude: (path) => /^(node_modules|\.git|data|data-.*)$/.test(path),
  }).toSorted();
  const heavyOf = (path: string): string | undefined =>
    HEAVY.find((folder) => path.startsWith(`${folder}/`));
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
