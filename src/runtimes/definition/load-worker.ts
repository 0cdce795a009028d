import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { MillraceError } from "../../core/errors.ts";
import { serialisePlan } from "../../language/plan/plan-json.ts";
import type { Plan } from "../../language/plan/nodes.ts";

/** What the thread answers: the plan's text, or why there is none. */
export type LoadResult =
  | { readonly plan: string }
  | { readonly message: string; readonly hint?: string; readonly field?: string };

const PUBLIC_ENTRY = new URL("../../index.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "millrace" ? { url: PUBLIC_ENTRY, shortCircuit: true } : next(specifier, context),
});

async function load(file: string): Promise<LoadResult> {
  try {
    const module: { default?: { plan?: Plan } } = await import(pathToFileURL(file).href);
    const plan = module.default?.plan;
    if (plan?.kind !== "pipeline") {
      return {
        message: "its default export isn't a pipeline",
        hint: "end the file with: export default pipeline({ events: […] })",
      };
    }
    return { plan: serialisePlan(plan) };
  } catch (thrown) {
    if (thrown instanceof MillraceError) {
      const { message, hint, field } = thrown;
      return {
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(field === undefined ? {} : { field }),
      };
    }
    return { message: thrown instanceof Error ? withPlace(thrown) : String(thrown) };
  }
}

/** The message with the line that it is about: Node tells it in the stack only. */
function withPlace({ message, stack = "" }: Error): string {
  const [, line] = /^\/.*:(\d+)\n/.exec(stack) ?? /\(?file:\/\/.*:(\d+):\d+\)?/.exec(stack) ?? [];
  return line === undefined ? message : `line ${line}: ${message}`;
}

const { file } = workerData as { readonly file: string };
parentPort!.postMessage(await load(file));
