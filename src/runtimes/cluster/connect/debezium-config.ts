import { fingerprint } from "../../../core/fingerprint.ts";
import { columnOf } from "../../../language/plan/table-source.ts";
import type { DatabaseAddress } from "../cluster-sources.ts";
import { tableSourceNames, type SourcedTable } from "./source-topics.ts";

/** A connector's settings, as Connect's REST API takes them. */
export type ConnectorConfig = Readonly<Record<string, string>>;

const PORT = "5432";
const HEARTBEAT_MS = 10_000;
/** PostgreSQL cuts longer names. */
const NAME_CHARACTERS_MAX = 63;
const MESSAGES = "millrace";

/**
 * Debezium for one table: with a slot and a publication of its own, so that a table that is added
 * has its snapshot and one that is removed takes nothing of the others along. Only the columns that
 * are fields leave the database.
 */
export function debeziumConfig(
  table: SourcedTable,
  { url, password }: DatabaseAddress,
  prefix: string,
): ConnectorConfig {
  const { from, fields, key } = table;
  const place = new URL(url);
  const names = tableSourceNames(prefix, table);
  const slot = slotName(names.connector);
  const pattern = from.table.replaceAll(".", "\\.");
  const columns = fields.map(({ name }) => columnOf(from, name));
  const sslMode = place.searchParams.get("sslmode");
  return {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "database.hostname": place.hostname,
    "database.port": place.port === "" ? PORT : place.port,
    "database.user": decodeURIComponent(place.username),
    "database.password": password ?? decodeURIComponent(place.password),
    "database.dbname": decodeURIComponent(place.pathname.slice(1)),
    ...(sslMode !== null && { "database.sslmode": sslMode }),
    "plugin.name": "pgoutput",
    "slot.name": slot,
    "publication.name": slot,
    "publication.autocreate.mode": "filtered",
    "table.include.list": pattern,
    "column.include.list": columns.map((column) => `${pattern}\\.${column}`).join(","),
    // Changes of one row stay in their order, whatever its primary key is.
    "message.key.columns": `${pattern}:${columnOf(from, key)}`,
    "topic.prefix": names.connector,
    // A lost slot has lost changes: the rows are read anew.
    "snapshot.mode": "when_needed",
    ...EXACT,
    ...heartbeat(names.heartbeatPrefix),
    ...PLAIN_JSON,
  };
}

/** The name of a connector's slot and publication in its database. */
function slotName(connector: string): string {
  const name = connector.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
  // `a.b` and `a_b` mustn't share one.
  const mark = `_${fingerprint(connector).slice(0, 8)}`;
  return name.slice(0, NAME_CHARACTERS_MAX - mark.length) + mark;
}

/** Values as they are: no floats of amounts, no bare numbers of times; `null` isn't the default. */
const EXACT: ConnectorConfig = {
  "decimal.handling.mode": "string",
  "time.precision.mode": "isostring",
  "interval.handling.mode": "string",
  "hstore.handling.mode": "json",
  "binary.handling.mode": "base64",
  // A truncated table is told, too, though not of which rows.
  "skipped.operations": "none",
  "tombstones.on.delete": "false",
};

/**
 * A table that is seldom changed would hold back the log of a database that is. A message of our
 * own in the log, which nobody else sees, lets the slot move on.
 */
const heartbeat = (topicPrefix: string): ConnectorConfig => ({
  "heartbeat.interval.ms": String(HEARTBEAT_MS),
  "heartbeat.action.query": `SELECT pg_logical_emit_message(false, '${MESSAGES}', '')`,
  "message.prefix.exclude.list": MESSAGES,
  "topic.heartbeat.prefix": topicPrefix,
});

const JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter";

const PLAIN_JSON: ConnectorConfig = {
  "key.converter": JSON_CONVERTER,
  "key.converter.schemas.enable": "false",
  "value.converter": JSON_CONVERTER,
  "value.converter.schemas.enable": "false",
  "value.converter.replace.null.with.default": "false",
};
