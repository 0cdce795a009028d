import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import type { PipelineTest } from "./pipeline-test.ts";

/** A test as its folder says it. */
export interface NamedPipelineTest extends PipelineTest {
  readonly name: string;
  readonly folder: string;
}

/**
 * The tests of a project: each folder of its `tests/` with a `given.jsonl` and an `expect.jsonl`,
 * by name. Throws `CONFIG_INVALID` when one of the two is missing.
 */
export function findTests(project: string): readonly NamedPipelineTest[] {
  const root = join(project, "tests");
  if (!existsSync(root)) return [];
  const folders = readdirSync(root, { withFileTypes: true }).filter((each) => each.isDirectory());
  return folders
    .map(({ name }) => name)
    .toSorted()
    .map((name) => {
      const folder = join(root, name);
      const [given = "", expect = ""] = ["given.jsonl", "expect.jsonl"].map((file) => {
        const path = join(folder, file);
        if (existsSync(path)) return readFileSync(path, "utf8");
        throw new MillraceError("CONFIG_INVALID", `the test "${name}" has no ${file}`, {
          hint: `write ${path}`,
        });
      });
      return { name, folder, given, expect };
    });
}
