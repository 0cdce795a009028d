import { quoteName } from "../sql/sql-text.ts";
import { quoteText } from "./dialect.ts";

/** Where Flink finds topics and schemas. */
export interface FlinkPlace {
  readonly bootstrap: readonly string[];
  /** The root of the registry's Confluent API. */
  readonly registryUrl: string;
  /** Further options of Kafka's clients, such as `security.protocol`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Further options of the registry's client, such as `basic-auth.user-info`. */
  readonly registryOptions?: Readonly<Record<string, string>>;
}

/** `CREATE TABLE` of a topic. */
export function kafkaTable(
  name: string,
  columns: readonly string[],
  options: Readonly<Record<string, string>>,
  place: FlinkPlace,
): string {
  const all = {
    connector: "kafka",
    topic: name,
    "properties.bootstrap.servers": place.bootstrap.join(","),
    ...prefixed("properties.", place.properties),
    ...options,
    "value.format": "avro-confluent",
    "value.avro-confluent.url": place.registryUrl,
    ...prefixed("value.avro-confluent.", place.registryOptions),
  };
  const listed = Object.entries(all).map(
    ([option, value]) => `  ${quoteText(option)} = ${quoteText(value)}`,
  );
  return `CREATE TEMPORARY TABLE ${quoteName(name)} (\n${columns.map((each) => `  ${each}`).join(",\n")}\n) WITH (\n${listed.join(",\n")}\n)`;
}

const prefixed = (
  prefix: string,
  options: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [prefix + name, value]));
