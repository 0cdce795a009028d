import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PipelineDefinition } from "../src/language/define/pipeline.ts";
import { parsePlan, serialisePlan } from "../src/language/plan/plan-json.ts";
import { topicsOf } from "../src/language/plan/topic.ts";
import type { Case, InputRecord, Readable, Shows } from "./case.ts";

const ROOT = join(import.meta.dirname, "cases");

interface CaseModule {
  readonly default: PipelineDefinition;
  readonly about: string;
  readonly shows?: Shows;
}

/** Every case there is, by name. */
export async function loadCases(): Promise<readonly Case[]> {
  const folders = globSync("*/pipeline.ts", { cwd: ROOT }).map(dirname).toSorted();
  return Promise.all(folders.map((folder) => loadCase(join(ROOT, folder))));
}

async function loadCase(folder: string): Promise<Case> {
  const module = await load(join(folder, "pipeline.ts"));
  const beforePath = join(folder, "before.ts");
  const before = existsSync(beforePath) ? await load(beforePath) : undefined;
  // Every run goes by way of the plan's JSON: what isn't in it doesn't exist.
  const plan = parsePlan(serialisePlan(module.default.plan));
  const input = lines<InputRecord>(join(folder, "input.jsonl"));
  const expected = lines<Readable>(join(folder, "expected.jsonl"));
  return {
    name: basename(folder),
    about: module.about,
    shows: module.shows ?? {},
    plan,
    topics: topicsOf(plan),
    topicsBefore: before === undefined ? [] : topicsOf(before.default.plan),
    input,
    partitions: 1 + Math.max(0, ...input.map((each) => each.partition ?? 0)),
    expected,
    listed: new Set(expected.flatMap((row) => ("topic" in row ? [String(row["topic"])] : []))),
  };
}

const load = async (path: string): Promise<CaseModule> =>
  (await import(pathToFileURL(path).href)) as CaseModule;

/** JSON, one value a line; empty lines and `// comments` between them are for readers. */
function lines<Line>(path: string): readonly Line[] {
  if (!existsSync(path)) return [];
  const texts = readFileSync(path, "utf8").split("\n");
  return texts.flatMap((text, index) => {
    if (text.trim() === "" || text.startsWith("//")) return [];
    try {
      return [JSON.parse(text) as Line];
    } catch (cause) {
      throw new Error(`${path}:${index + 1} isn't JSON`, { cause });
    }
  });
}
