/** A table of a PostgreSQL whose rows are a dimension's: every change of one is taken over. */
export interface PostgresSource {
  readonly kind: "postgres";
  /** Which of the databases that the cluster's file names; its `postgres` where it is absent. */
  readonly database?: string;
  /** With its schema, such as `public.users`. */
  readonly table: string;
  /** By field: the column that it is read from, where that has another name. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** Where a table's rows come from, when not by the door. */
export type TableSource = PostgresSource;

/** The column that a field is read from. */
export const columnOf = ({ columns }: PostgresSource, field: string): string =>
  columns?.[field] ?? field;
