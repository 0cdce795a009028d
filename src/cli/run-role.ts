import { loadDefinition } from "../runtimes/definition/load-definition.ts";
import { readClusterConfig } from "../runtimes/cluster/cluster-config.ts";
import { startRole } from "../runtimes/cluster/start-role.ts";
import { readSettings } from "../runtimes/embedded/settings.ts";
import { randomHex } from "../core/random.ts";
import type { Io } from "./io.ts";

export interface RunRoleOptions {
  readonly definition: string;
  /** The cluster's file. */
  readonly config: string;
  readonly role: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One JSON line with where it answers, instead of words. */
  readonly asJson: boolean;
}

/** Runs one replica of a role until it is stopped. */
export async function runRole(options: RunRoleOptions, io: Io): Promise<void> {
  const { role, asJson, env } = options;
  const settings = readSettings(env, io.cwd);
  const plan = await loadDefinition(options.definition);
  const replica = await startRole(role, {
    plan,
    config: readClusterConfig(options.config),
    settings: { ...settings, adminKey: settings.adminKey ?? randomHex(24) },
    clock: io.clock,
    env,
    onProblem: (text) => io.err(`  ${text}\n`),
  });
  if (asJson) io.out(`${JSON.stringify({ role, url: replica.url, pid: process.pid })}\n`);
  else io.out(`Millrace runs "${plan.name}", role ${role}, at ${replica.url}\n`);
  const { signal } = io;
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  io.err("  stopping…\n");
  await replica.close();
}
