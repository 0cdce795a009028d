import { deepFreeze } from "../../core/freeze.ts";
import type { PostgresSource } from "../plan/table-source.ts";

/** A table of a PostgreSQL, as the source of a dimension; `Fields` are those that it renames. */
export interface PostgresSourceDefinition<out Fields extends string = string> {
  readonly node: PostgresSource;
  /** Of types only. */
  readonly renames?: Fields;
}

export interface PostgresOptions<Fields extends string> {
  /** With its schema, such as `public.users`. */
  readonly table: string;
  /** Which of the databases that the cluster's file names; its `postgres` by default. */
  readonly database?: string;
  /** By field: the column that it is read from, where that has another name. */
  readonly columns?: Readonly<Record<Fields, string>>;
}

/**
 * The rows of a PostgreSQL's table, snapshot and changes, as a dimension's rows. Where the database
 * is, and who may read it, is for the cluster's file to say.
 */
export function postgres<const Fields extends string = never>(
  options: PostgresOptions<Fields>,
): PostgresSourceDefinition<Fields> {
  const { table, database, columns } = options;
  const node: PostgresSource = {
    kind: "postgres",
    ...(database !== undefined && { database }),
    table,
    ...(columns !== undefined && { columns: { ...columns } }),
  };
  return Object.freeze({ node: deepFreeze(node) });
}
