import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../src/core/errors.ts";
import { randomHex } from "../src/core/random.ts";
import { cachedFolder, cacheFolder } from "./cache.ts";
import type { ClusterAddresses } from "./cluster-addresses.ts";
import {
  addressesFile,
  readAddresses,
  readState,
  writeAddresses,
  writeState,
  type ClusterState,
} from "./cluster-state.ts";
import {
  ENGINE_NAMES,
  type EngineName,
  type FetchContext,
  type Part,
  type PlacedEngine,
} from "./engine.ts";
import { ENGINES, withNeeds } from "./engines.ts";
import { withFolderLock } from "./folder-lock.ts";
import { freePort, isFree } from "./free-port.ts";
import { findJdk } from "./jdk.ts";
import { isRunning, residentBytes } from "./process-identity.ts";
import { endProcess, killNow, startPart, untilReady } from "./started-process.ts";

export interface ClusterOptions {
  /** Where the cluster keeps its data, logs and state; made when it is needed. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of progress. */
  tell(text: string): void;
}

/** One part as `status` shows it. */
export interface PartStatus {
  readonly name: string;
  readonly engine: EngineName;
  readonly pid: number;
  readonly isRunning: boolean;
  readonly residentBytes: number;
}

/**
 * The engines of one folder. Whatever changes them holds the folder's lock, so that several
 * processes may use one cluster.
 */
export class Cluster {
  readonly folder: string;
  readonly #env: ClusterOptions["env"];
  readonly #tell: ClusterOptions["tell"];

  constructor({ folder, env, tell }: ClusterOptions) {
    this.folder = folder;
    this.#env = env;
    this.#tell = tell;
  }

  /**
   * Starts what isn't running of the engines and of those that they need, and waits until each
   * answers. Throws `ENGINE_UNAVAILABLE` (something isn't installed) or `ENGINE_FAILED`.
   */
  async up(names: readonly EngineName[]): Promise<ClusterAddresses> {
    const wanted = withNeeds(names);
    // Before the lock is taken: it may take minutes, and others want to use what runs.
    for (const name of wanted) await ENGINES[name].fetch(this.#fetchContext(name));
    return this.#alone(async () => {
      const placed = new Map<EngineName, PlacedEngine>();
      let addresses = readAddresses(this.folder);
      for (const name of wanted) {
        await this.#reservePorts(name);
        const engine = await this.#place(name, addresses);
        placed.set(name, engine);
        addresses = { ...addresses, ...engine.addresses };
      }
      const ready = new Map<EngineName, Promise<void>>();
      for (const name of wanted) {
        await Promise.all(ENGINES[name].needs.map((needed) => ready.get(needed)!));
        const started = this.#start(name, placed.get(name)!);
        // Awaited below; a failure before that must not end the process.
        started.catch(() => undefined);
        ready.set(name, started);
      }
      await Promise.all(ready.values());
      writeAddresses(this.folder, addresses);
      return addresses;
    });
  }

  /**
   * Ends exactly what was started here, the last first; the names of what was running. With
   * `losing: "disk"` the data goes too, and with it ports and passwords.
   */
  down({ losing }: { readonly losing?: "disk" } = {}): Promise<readonly string[]> {
    return this.#alone(async () => {
      const { processes } = readState(this.folder);
      const running = Object.entries(processes).filter(([, process]) => isRunning(process));
      const byEngine = Map.groupBy(running.toReversed(), ([, { engine }]) => engine);
      for (const parts of byEngine.values()) {
        await Promise.all(
          parts.map(([, process]) => endProcess(process, process.stopSignal, process.stopMs)),
        );
      }
      rmSync(this.addressesFile, { force: true });
      if (losing === "disk") {
        for (const { dataFolder } of Object.values(processes)) {
          if (dataFolder !== undefined) rmSync(dataFolder, { recursive: true, force: true });
        }
        for (const name of ENGINE_NAMES) {
          rmSync(join(this.folder, name), { recursive: true, force: true });
        }
        writeState(this.folder, { ports: {}, secrets: {}, processes: {} });
      }
      return running.map(([name]) => name);
    });
  }

  /** Ends everything with -9 and returns at once: for a process that is about to exit. */
  endNow(): void {
    Object.values(readState(this.folder).processes).forEach(killNow);
  }

  status(): readonly PartStatus[] {
    return Object.entries(readState(this.folder).processes).map(([name, process]) => {
      const runs = isRunning(process);
      const bytes = runs ? residentBytes(process.pid) : 0;
      const { engine, pid } = process;
      return { name, engine, pid, isRunning: runs, residentBytes: bytes };
    });
  }

  /** Where the engines that were started answer. */
  addresses(): ClusterAddresses {
    return readAddresses(this.folder);
  }

  /** Ends a part with -9; with `losing: "disk"` its data goes too. */
  kill(name: string, { losing }: { readonly losing?: "disk" } = {}): Promise<void> {
    return this.#alone(async () => {
      const process = this.#processOf(name);
      await endProcess(process, "SIGKILL");
      if (losing === "disk" && process.dataFolder !== undefined) {
        rmSync(process.dataFolder, { recursive: true, force: true });
      }
    });
  }

  /** Starts a part that was killed, on the same port, and waits until it answers. */
  startAgain(name: string): Promise<void> {
    return this.#alone(async () => {
      const { engine } = this.#processOf(name);
      const placed = await this.#place(engine, readAddresses(this.folder));
      const part = placed.parts.find((one) => one.name === name)!;
      await this.#startOne(engine, part);
    });
  }

  /** `cluster.json`, for other programs. */
  get addressesFile(): string {
    return addressesFile(this.folder);
  }

  /** The file that a part's output goes to. */
  logFile(part: string): string {
    return join(this.folder, "logs", `${part}.log`);
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const waiting = (): void => this.#tell("another process starts or stops engines: waiting");
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    return withFolderLock(this.folder, waiting, work);
  }

  #processOf(name: string): ClusterState["processes"][string] {
    const { processes } = readState(this.folder);
    const found = processes[name];
    if (found !== undefined) return found;
    throw new MillraceError("NOT_FOUND", `no part "${name}" was started`, {
      hint: `one of ${Object.keys(processes).join(", ") || "none: run `millrace cluster up`"}`,
    });
  }

  #fetchContext(name: EngineName): FetchContext {
    const tell = (text: string): void => this.#tell(`${name}: ${text}`);
    return {
      env: this.#env,
      tell,
      cached: (key, make) => cachedFolder(cacheFolder(this.#env), key, tell, make),
      jdk: (least, most) => findJdk(this.#env, least, most),
    };
  }

  #place(name: EngineName, addresses: ClusterAddresses): Promise<PlacedEngine> {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return ENGINES[name].place({
      ...this.#fetchContext(name),
      folder,
      addresses,
      port: (port) => readState(this.folder).ports[port]!,
      secret: (secret) => this.#secret(secret),
    });
  }

  async #start(name: EngineName, { parts, settle }: PlacedEngine): Promise<void> {
    await Promise.all(parts.map((part) => this.#startOne(name, part)));
    await settle?.();
  }

  async #startOne(engine: EngineName, part: Part): Promise<void> {
    const { name } = part;
    const before = readState(this.folder).processes[name];
    if (before !== undefined && isRunning(before)) {
      await untilReady(part, before, this.logFile(name));
      return;
    }
    this.#tell(`${engine}: starting ${name}`);
    const identity = await startPart(part, this.logFile(name));
    const { dataFolder, stopSignal, stopMs } = part;
    const started = {
      ...identity,
      engine,
      ...(dataFolder === undefined ? {} : { dataFolder }),
      ...(stopSignal === undefined ? {} : { stopSignal }),
      ...(stopMs === undefined ? {} : { stopMs }),
    };
    this.#change(({ processes }) => ({ processes: { ...processes, [name]: started } }));
    await untilReady(part, identity, this.logFile(name));
    this.#tell(`${engine}: ${name} is ready`);
  }

  /** Ports are kept; one that another program took meanwhile moves, unless a part still uses it. */
  async #reservePorts(name: EngineName): Promise<void> {
    const { ports, processes } = readState(this.folder);
    const running = Object.values(processes).some(
      (process) => process.engine === name && isRunning(process),
    );
    const chosen: Record<string, number> = { ...ports };
    for (const port of ENGINES[name].ports) {
      const kept = chosen[port];
      if (kept !== undefined && (running || (await isFree(kept)))) continue;
      chosen[port] = await freePort(new Set(Object.values(chosen)));
    }
    this.#change(() => ({ ports: chosen }));
  }

  #secret(name: string): string {
    const { secrets } = readState(this.folder);
    const kept = secrets[name];
    if (kept !== undefined) return kept;
    const made = randomHex(16);
    this.#change(() => ({ secrets: { ...secrets, [name]: made } }));
    return made;
  }

  /** Synchronous from reading to writing: parts that start at the same time don't undo each other. */
  #change(change: (state: ClusterState) => Partial<ClusterState>): void {
    const state = readState(this.folder);
    writeState(this.folder, { ...state, ...change(state) });
  }
}
