import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterAddresses } from "./cluster-addresses.ts";
import type { EngineName } from "./engine.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** What a cluster's folder remembers between commands. */
export interface ClusterState {
  readonly ports: Readonly<Record<string, number>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** The process that was last started for a part; it may have ended. */
  readonly processes: Readonly<Record<string, StartedProcess>>;
}

export interface StartedProcess extends ProcessIdentity {
  readonly engine: EngineName;
  /** How to end it, and what a kill may take along: see `Part`. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopMs?: number;
  readonly dataFolder?: string;
}

const NOTHING: ClusterState = { ports: {}, secrets: {}, processes: {} };

export function readState(folder: string): ClusterState {
  const file = join(folder, "state.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ClusterState) : NOTHING;
}

export const writeState = (folder: string, state: ClusterState): void =>
  writeJson(join(folder, "state.json"), state);

/** The one file that tells others where the engines are. */
export const addressesFile = (folder: string): string => join(folder, "cluster.json");

export function readAddresses(folder: string): ClusterAddresses {
  const file = addressesFile(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ClusterAddresses) : {};
}

export const writeAddresses = (folder: string, addresses: ClusterAddresses): void =>
  writeJson(addressesFile(folder), addresses);

/** Whole or not at all; for its owner only, because passwords are in it. */
function writeJson(file: string, value: unknown): void {
  mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
