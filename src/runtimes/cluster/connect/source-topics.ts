import { fingerprint } from "../../../core/fingerprint.ts";
import type { Plan, TableNode } from "../../../language/plan/nodes.ts";
import type { TableSource } from "../../../language/plan/table-source.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import type { ClusterSource, FileSource, MqttSource } from "../cluster-sources.ts";

/** Begins the names of all topics and connectors of a definition's sources. */
export const sourcePrefix = (prefix: string): string =>
  `${topicNames(prefix).clean("millrace.source")}.`;

/** A table whose rows come from a database. */
export type SourcedTable = TableNode & { readonly from: TableSource };

/** The tables of a plan whose rows come from databases. */
export const sourcedTables = (plan: Plan): readonly SourcedTable[] =>
  plan.tables.filter((node): node is SourcedTable => node.from !== undefined);

/** Names of what belongs to a table's source. */
export function tableSourceNames(prefix: string, { name, from }: SourcedTable) {
  const connector = `${sourcePrefix(prefix)}${name}`;
  const heartbeatPrefix = `${sourcePrefix(prefix)}heartbeat`;
  return {
    connector,
    changes: `${connector}.${from.table}`,
    heartbeatPrefix,
    heartbeats: `${heartbeatPrefix}.${connector}`,
  };
}

/** The topic that Connect writes a file's lines to, and its connector. */
export const fileTopic = (prefix: string, { path }: FileSource): string =>
  `${sourcePrefix(prefix)}file.${fingerprint(path)}`;

/** The topic whose partitions are shared out as sessions with the MQTT broker; it stays empty. */
export const mqttTopic = (prefix: string): string => `${sourcePrefix(prefix)}mqtt`;

export const fileSources = (sources: readonly ClusterSource[] = []): readonly FileSource[] =>
  sources.filter((each) => each.kind === "file");

export const mqttSources = (sources: readonly ClusterSource[] = []): readonly MqttSource[] =>
  sources.filter((each) => each.kind === "mqtt");
