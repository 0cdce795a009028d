import { watch } from "node:fs";
import { dirname } from "node:path";
import { loadDefinition } from "../runtimes/definition/load-definition.ts";
import { exampleCommand } from "../runtimes/embedded/example-command.ts";
import { problemText, startEmbedded, type EmbeddedRuntime } from "../runtimes/embedded/runtime.ts";
import type { Settings } from "../runtimes/embedded/settings.ts";
import type { Plan } from "../language/plan/nodes.ts";
import type { Io } from "./io.ts";

export interface RunOptions {
  readonly definition: string;
  readonly settings: Settings;
  readonly writeKeys?: readonly { readonly name: string; readonly key: string }[];
  /** One JSON line with what it listens on, instead of words. */
  readonly asJson: boolean;
  /** The command that reads a metric from this pipeline, as the user calls it. */
  readonly queryCommand: string;
}

/** Starts a pipeline, says where to look, reloads a saved definition. */
export async function runPipeline(options: RunOptions, io: Io): Promise<EmbeddedRuntime> {
  const { definition, settings, asJson } = options;
  const startedMs = io.clock.monotonicMs();
  const plan = await loadDefinition(definition);
  const runtime = await startEmbedded({
    settings,
    plan,
    ...(options.writeKeys && { writeKeys: options.writeKeys }),
    progress: (text) => io.err(`  ${text}…\n`),
    onProblem: (text) => io.err(`  ${text}\n`),
  });
  for (const { name, from } of plan.tables) {
    if (from === undefined) continue;
    io.err(`  only a cluster reads ${from.table}: send rows of ${name} to /v1/tables/${name}\n`);
  }
  if (asJson) io.out(`${JSON.stringify(whereItIs(runtime, options))}\n`);
  else io.out(welcome(runtime, plan, options, (io.clock.monotonicMs() - startedMs) / 1_000));
  watchDefinition(definition, runtime, io);
  return runtime;
}

/** Waits for Ctrl-C, or for a failure that can't be mended; then closes. */
export async function untilStopped(runtime: EmbeddedRuntime, io: Io): Promise<void> {
  const { signal } = io;
  try {
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([stopped, runtime.failed]);
    io.err("  stopping: what was acknowledged is on disk…\n");
  } finally {
    await runtime.close();
  }
}

const whereItIs = (runtime: EmbeddedRuntime, { definition }: RunOptions) => ({
  url: runtime.url,
  clickhouse: runtime.clickhouseUrl,
  data: runtime.folder.root,
  adminKeyFile: runtime.folder.adminKeyFile,
  definition,
  pids: runtime.pids(),
});

function welcome(
  runtime: EmbeddedRuntime,
  plan: Plan,
  { settings, queryCommand }: RunOptions,
  seconds: number,
): string {
  const indent = (text: string): string => text.replaceAll("\n", "\n    ");
  const [metric] = plan.metrics;
  return [
    `\nMillrace runs "${plan.name}" (${seconds.toFixed(1)} s)`,
    `\n  The page          ${runtime.url}/`,
    `  ClickHouse        ${runtime.clickhouseUrl}  (user admin, read only)`,
    `  Data              ${runtime.folder.root}`,
    `  Admin key         in ${runtime.folder.adminKeyFile}`,
    `\n  Send an event; the page marks it:\n\n    ${indent(exampleCommand(plan, runtime.url, settings.writeKey))}`,
    ...(metric === undefined
      ? []
      : [`\n  And ask for it:\n\n    ${queryCommand} ${metric.name} --limit 5`]),
    `\n  Ctrl-C stops it; the data stays.\n\n`,
  ].join("\n");
}

const SETTLE_MS = 150;

/** Loads the definition again when a file beside it is saved. */
function watchDefinition(definition: string, runtime: EmbeddedRuntime, io: Io): void {
  let timer: NodeJS.Timeout | undefined;
  const reload = async (): Promise<void> => {
    try {
      await runtime.reload(await loadDefinition(definition));
      io.err("  the definition was reloaded\n");
    } catch (thrown) {
      io.err(`  the changed definition wasn't taken: ${problemText(thrown)}\n`);
    }
  };
  const watcher = watch(dirname(definition), (_event, name) => {
    if (name === null || !/\.[cm]?[jt]s$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void reload(), SETTLE_MS);
  });
  io.signal.addEventListener("abort", () => watcher.close(), { once: true });
}
