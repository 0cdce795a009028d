import { unsupported } from "./unsupported.ts";
import { quoteText } from "./sql-text.ts";

/** Of the tables that hold the rows on each shard. */
const LOCAL = "__local";

const NAME = "(`(?:[^`\\\\]|\\\\.)+`|\\w+)";

/** A statement of ours, and what it is on a cluster. `on` is the clause, after a name. */
type Rule = readonly [RegExp, (found: RegExpExecArray, on: string) => readonly string[]];

/**
 * Statements that do on every server of a cluster what a statement of ours does on one. A table
 * becomes two: `<name>__local`, replicated, has a shard's rows; `<name>` is `Distributed` over them,
 * so that whoever reads or inserts knows of no shards. Rows of one sorting key are on one shard,
 * where they replace each other. What isn't DDL is left as it is; DDL that no rule knows is
 * `UNSUPPORTED_BY_ENGINE`.
 */
export function onCluster(statement: string, cluster: string): readonly string[] {
  const on = ` ON CLUSTER ${quoteText(cluster)}`;
  for (const [pattern, rewritten] of RULES) {
    const found = pattern.exec(statement);
    if (found !== null) return rewritten(found, on);
  }
  if (!/^\s*(CREATE|ALTER|DROP|RENAME|EXCHANGE|TRUNCATE)\s/i.test(statement)) return [statement];
  throw unsupported(statement.slice(0, 60), "it isn't known how to do this on a cluster");
}

const RULES: readonly Rule[] = [
  [
    new RegExp(
      `^CREATE TABLE IF NOT EXISTS ${NAME}([^]*?)ENGINE = (\\w*MergeTree)(\\(.*?\\))?(\\s[^]*)$`,
    ),
    ([, name = "", columns = "", engine = "", args, rest = ""], on) => {
      const settings = rest.replace("non_replicated_dedup", "replicated_dedup");
      const create = `CREATE TABLE IF NOT EXISTS ${local(name)}${on}${columns}`;
      return [
        `${create}ENGINE = ${replicated(engine, args)}${settings}`,
        `CREATE TABLE IF NOT EXISTS ${name}${on} AS ${local(name)}\n${distributed(on, name, shardOf(rest))}`,
      ];
    },
  ],
  [
    // A stage, whose partitions replace the table's: each shard's the same shard's.
    new RegExp(`^CREATE TABLE ${NAME} AS ${NAME}$`),
    ([, name = "", model = ""], on) => [
      `CREATE TABLE ${local(name)}${on} AS ${local(model)}`,
      `CREATE TABLE ${name}${on} AS ${local(name)}\n${distributed(on, name, "rand()")}`,
    ],
  ],
  [
    // A feed sees the inserts of its own shard.
    new RegExp(`^CREATE MATERIALIZED VIEW IF NOT EXISTS ${NAME} TO ${NAME} AS\\s([^]*)$`),
    ([, name = "", target = "", select = ""], on) => [
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${name}${on} TO ${local(target)} AS\n${select.replace(
        new RegExp(`FROM ${NAME} AS s`),
        (_, source: string) => `FROM ${local(source)} AS s`,
      )}`,
    ],
  ],
  [
    new RegExp(`^CREATE OR REPLACE VIEW ${NAME}(\\s[^]*)$`),
    ([, name = "", rest = ""], on) => [`CREATE OR REPLACE VIEW ${name}${on}${rest}`],
  ],
  [
    new RegExp(`^ALTER TABLE ${NAME} (REPLACE PARTITION ID '[^']*' FROM )${NAME}$`),
    ([, name = "", replace = "", stage = ""], on) => [
      `ALTER TABLE ${local(name)}${on} ${replace}${local(stage)}`,
    ],
  ],
  [
    new RegExp(`^ALTER TABLE ${NAME} (DROP PARTITION|MODIFY TTL|REMOVE TTL|ADD COLUMN)(.*)$`),
    ([, name = "", what = "", rest = ""], on) => [
      `ALTER TABLE ${local(name)}${on} ${what}${rest}`,
      ...(what === "ADD COLUMN"
        ? // It has no indices.
          [`ALTER TABLE ${name}${on} ${what}${rest.replace(/, ADD INDEX [^]*$/, "")}`]
        : []),
    ],
  ],
  [
    new RegExp(`^DROP TABLE (IF EXISTS )?${NAME} SYNC$`),
    ([, ifExists = "", name = ""], on) =>
      [name, local(name)].map((each) => `DROP TABLE ${ifExists}${each}${on} SYNC`),
  ],
];

/** `name__local`, as a name is written. */
const local = (name: string): string =>
  name.endsWith("`") ? `${name.slice(0, -1)}${LOCAL}\`` : name + LOCAL;

/** `{uuid}`, `{shard}` and `{replica}` are each server's own to fill in. */
const replicated = (engine: string, args = "()"): string => {
  const own = args.slice(1, -1);
  const place = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'";
  return `Replicated${engine}(${own === "" ? place : `${place}, ${own}`})`;
};

function distributed(on: string, name: string, shard: string): string {
  const table = quoteText(unquoted(local(name)));
  return `ENGINE = Distributed(${on.replace(" ON CLUSTER ", "")}, currentDatabase(), ${table}, ${shard})`;
}

/** A number that is the same for rows of the same sorting key. */
function shardOf(rest: string): string {
  const [, inBrackets, alone] = /ORDER BY (?:\((.*)\)|(\w+))/.exec(rest) ?? [];
  const key = inBrackets ?? alone;
  return key === undefined ? "rand()" : `cityHash64(tuple(${key}))`;
}

const unquoted = (name: string): string =>
  name.startsWith("`") ? name.slice(1, -1).replaceAll(/\\(.)/g, "$1") : name;

/** Settings that statements need there: what was inserted or changed is so everywhere. */
export const CLUSTER_SETTINGS: Readonly<Record<string, string | number>> = {
  // An insert by way of a Distributed table is done when every shard has it, on most replicas.
  distributed_foreground_insert: 1,
  insert_quorum: "auto",
  // Subqueries of a statement see all shards.
  distributed_product_mode: "global",
  // Partitions are replaced everywhere before the next statement.
  alter_sync: 2,
};
