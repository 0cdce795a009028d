import type { ClusterAddresses } from "./cluster-addresses.ts";
import type { Jdk } from "./jdk.ts";

/** The engines that a cluster may have, in the order in which they start. */
export const ENGINE_NAMES = [
  "kafka",
  "registry",
  "redis",
  "s3",
  "postgres",
  "mosquitto",
  "victoria-metrics",
  "connect",
  "flink",
  "spark",
  "hdfs",
] as const;

/** One of them. */
export type EngineName = (typeof ENGINE_NAMES)[number];

/** One process of an engine. */
export interface Part {
  /** Unique in the cluster: `kafka-1`, `flink-taskmanager`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs as another user, where the program refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What the part keeps: removed by a kill that takes its disk along. */
  readonly dataFolder?: string;
  /** Before each start: configuration, an empty data folder. */
  prepare?(): Promise<void> | void;
  /** A real request; false, or a throw, while the part can't answer it yet. */
  ready(): Promise<boolean>;
  /** How long it gets to end by itself when it is told to. */
  readonly stopMs?: number;
  /** The signal that tells it; SIGTERM unless it has its own. */
  readonly stopSignal?: NodeJS.Signals;
}

/** What an engine is given to fetch its files with. */
export interface FetchContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * A folder of the cache, made by `make` where it isn't there yet. `make` fills an empty folder,
   * which gets its name when it is complete.
   */
  cached(name: string, make: (folder: string) => Promise<void>): Promise<string>;
  /** The newest Java from `least` to `most`; throws `ENGINE_UNAVAILABLE`. */
  jdk(least: number, most?: number): Promise<Jdk>;
  /** One line of progress. */
  tell(text: string): void;
}

/** What it is given to run in a cluster. */
export interface EngineContext extends FetchContext {
  /** The engine's own folder in the cluster's folder; exists. */
  readonly folder: string;
  /** A port of 127.0.0.1 under a name, chosen once and kept. */
  port(name: string): number;
  /** A secret under a name, made once and kept. */
  secret(name: string): string;
  /** Where the engines that this one needs answer. */
  readonly addresses: ClusterAddresses;
}

/** An engine in a cluster: what to start, and where it will answer. */
export interface PlacedEngine {
  readonly parts: readonly Part[];
  readonly addresses: ClusterAddresses;
  /** After all parts are ready for the first time: users, databases. Must be repeatable. */
  settle?(): Promise<void>;
}

/** A real server: how to get it and how to start it. Nothing happens until it is asked to. */
export interface Engine {
  readonly name: EngineName;
  /** One line for a person. */
  readonly summary: string;
  /** Engines that must answer before this one starts. */
  readonly needs: readonly EngineName[];
  /** Names of its ports. */
  readonly ports: readonly string[];
  /**
   * Fetches what is missing, which may take minutes; throws `ENGINE_UNAVAILABLE` with what to
   * install. What it gives is the engine's own business.
   */
  fetch(context: FetchContext): Promise<unknown>;
  /** Its parts in a cluster; quick, since everything was fetched. */
  place(context: EngineContext): Promise<PlacedEngine>;
}
