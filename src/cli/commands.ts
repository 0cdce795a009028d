import type { Command } from "./command.ts";

/**
 * The commands and what each is for, in the order in which a newcomer meets them. Kept apart from
 * the commands themselves so that `--help` loads none of them; a test compares the two.
 */
export const COMMANDS: Readonly<Record<string, string>> = {
  init: "make a new project with a pipeline, a test and a README",
  up: "run a pipeline on this machine",
  demo: "run the example shop with simulated traffic",
  import: "bring a file of past events in (NDJSON, CSV, Parquet)",
  compile: "print what each engine will run",
  check: "report mistakes in a definition",
  test: "run a project's data-only tests",
  query: "read a metric, or run SQL",
  trace: "tell where one event is, and why",
  ledger: "show the balance: what came in, what became of it",
  backfill: "compute models again for a range of days",
  amend: "bring late, imported and released events into the numbers now",
  quarantine: "show the events that broke a rule, and why",
  deploy: "bring a definition about in a cluster",
  mirror: "bring a pipeline's events to a cluster as they come",
  compare: "show what a pipeline and a cluster say differently",
  cluster: "fetch, start and stop the engines of a cluster on this machine",
  doctor: "look for what is wrong with a data folder or a setting",
};

/** The command of a name in `COMMANDS`. */
export async function loadCommand(name: string): Promise<Command> {
  const module: { command: Command } = await import(`./commands/${name}.ts`);
  return module.command;
}
