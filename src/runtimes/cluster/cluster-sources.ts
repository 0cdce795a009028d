import { MillraceError } from "../../core/errors.ts";
import type { PostgresSource } from "../../language/plan/table-source.ts";

/** A PostgreSQL that Debezium reads. */
export interface DatabaseAddress {
  /** A `postgres://` URL of a user who may replicate; `?sslmode=` is passed on. */
  readonly url: string;
  /**
   * Instead of the one in the URL; `${file:/run/secrets/db:password}` and the like are for Connect's
   * own config providers to resolve, so that no secret is in its topics.
   */
  readonly password?: string;
}

/** A file on the machine of Connect's worker; each of its lines is an event as native JSON. */
export interface FileSource {
  readonly kind: "file";
  readonly path: string;
  /** The event; by default the first of the definition that accepts the line. */
  readonly topic?: string;
}

/** Messages of the cluster's MQTT broker: an event as native JSON, an array of them, or NDJSON. */
export interface MqttSource {
  readonly kind: "mqtt";
  /** Which messages: a topic filter, such as `shop/+/events`. */
  readonly filter: string;
  /** The event; by default the first of the definition that accepts it. */
  readonly topic?: string;
}

/** Where events come from, other than the door: about a place, so not in the definition. */
export type ClusterSource = FileSource | MqttSource;

/** What a cluster's file says about sources. */
export interface SourcesConfig {
  /** The PostgreSQL of tables whose source names no database. */
  readonly postgres?: DatabaseAddress;
  /** Others, by the names that definitions use. */
  readonly databases?: Readonly<Record<string, DatabaseAddress>>;
  readonly sources?: readonly ClusterSource[];
}

/** The database of a table's source; `CONFIG_INVALID` where the file doesn't say where it is. */
export function databaseOf(
  { postgres, databases }: SourcesConfig,
  { database, table }: PostgresSource,
): DatabaseAddress {
  const found = database === undefined ? postgres : databases?.[database];
  if (found !== undefined) return found;
  const field = database === undefined ? "postgres" : `databases.${database}`;
  throw new MillraceError("CONFIG_INVALID", `the cluster's file doesn't say where ${table} is`, {
    field,
    hint: `add "${field}": { "url": "postgres://…" } to it`,
  });
}

/** What is wrong with a file's `sources`, with the member. */
export function sourcesProblem(
  sources: unknown,
): { readonly field: string; readonly message: string } | undefined {
  if (sources === undefined) return undefined;
  if (!Array.isArray(sources)) return { field: "sources", message: "sources are a list" };
  const wrong = sources.findIndex((each) => !isSource(each));
  if (wrong === -1) return undefined;
  return {
    field: `sources[${wrong}]`,
    message: `a source is { "kind": "file", "path", "topic"? } or { "kind": "mqtt", "filter", "topic"? }`,
  };
}

function isSource(each: unknown): boolean {
  if (typeof each !== "object" || each === null) return false;
  const { kind, path, filter, topic } = each as Readonly<Record<string, unknown>>;
  const place = kind === "file" ? path : kind === "mqtt" ? filter : undefined;
  const isPlace = typeof place === "string" && place !== "";
  return isPlace && (topic === undefined || typeof topic === "string");
}
