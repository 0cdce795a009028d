import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { MillraceError } from "../../core/errors.ts";
import { parsePlan } from "../../language/plan/plan-json.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { LoadResult } from "./load-worker.ts";

/** Milliseconds a definition may take to load; it runs nothing, so this is generous. */
const LOAD_DURATION_MS_MAX = 20_000;

/** The files that a definition's folder may keep it in, in order of preference. */
const DEFAULT_NAMES = ["pipeline.ts", "pipeline.js", "pipeline.mjs"];

/** The definition's file at a path: the file itself, or the `pipeline.ts` of a folder. */
export function definitionFile(path: string): string {
  const absolute = resolve(path);
  const candidates = [...DEFAULT_NAMES.map((name) => resolve(absolute, name)), absolute];
  const found = candidates.find((each) => existsSync(each) && !each.endsWith("/"));
  if (found === undefined || (found === absolute && !/\.[cm]?[jt]s$/.test(found))) {
    throw new MillraceError("DEFINITION_NOT_FOUND", `there is no definition at ${absolute}`, {
      hint: "give a pipeline.ts or a folder that has one; `millrace init` makes one",
    });
  }
  return found;
}

/**
 * Loads a definition's file and gives its plan. The file runs in a thread of its own, with a fresh
 * module graph, so that saving any of its files and loading again gives the new plan; only JSON
 * comes back. `millrace` resolves to this installation, wherever the file lies.
 */
export async function loadDefinition(file: string): Promise<Plan> {
  const worker = new Worker(new URL("./load-worker.ts", import.meta.url), {
    workerData: { file },
    execArgv: [
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
    ],
  });
  try {
    const result = await firstMessage(worker, file);
    if ("plan" in result) return parsePlan(result.plan);
    throw new MillraceError("DEFINITION_INVALID", `${file} can't be loaded: ${result.message}`, {
      ...(result.hint === undefined ? {} : { hint: result.hint }),
      ...(result.field === undefined ? {} : { field: result.field }),
    });
  } finally {
    await worker.terminate();
  }
}

function firstMessage(worker: Worker, file: string): Promise<LoadResult> {
  return new Promise((settle, fail) => {
    const timer = setTimeout(() => {
      const seconds = LOAD_DURATION_MS_MAX / 1_000;
      fail(
        new MillraceError("DEFINITION_INVALID", `${file} took more than ${seconds} s to load`, {
          hint: "a definition is data: it must not wait for anything",
        }),
      );
    }, LOAD_DURATION_MS_MAX);
    worker.once("message", (message: LoadResult) => {
      clearTimeout(timer);
      settle(message);
    });
    worker.once("error", (cause) => {
      clearTimeout(timer);
      fail(new MillraceError("DEFINITION_INVALID", `${file}: ${String(cause)}`, { cause }));
    });
  });
}
