import { quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { LakeFile, LakeFormat } from "../../storage/lake/lake.ts";

/** SQL of the rows of files of one format with these columns. */
export type FilesSql = (paths: readonly string[], format: LakeFormat, structure: string) => string;

/** Paths in one call of `file(…)`. */
const PATHS_MAX = 500;
const ENGINE_FORMATS = { parquet: "Parquet", orc: "ORC" } as const;

/** The rows of files, of at least one, as a relation. Columns that an old file lacks are null. */
export function filesRelation(
  files: readonly LakeFile[],
  structure: string,
  filesSql: FilesSql = localFilesSql,
): string {
  const calls: string[] = [];
  for (const format of ["parquet", "orc"] as const) {
    const paths = files.filter((file) => file.format === format).map((file) => file.path);
    for (let at = 0; at < paths.length; at += PATHS_MAX) {
      calls.push(filesSql(paths.slice(at, at + PATHS_MAX), format, structure));
    }
  }
  return calls.length === 1
    ? calls[0]!
    : `(${calls.map((call) => `SELECT * FROM ${call}`).join(" UNION ALL ")})`;
}

const localFilesSql: FilesSql = (paths, format, structure) => {
  // The engine takes a path that begins with a brace for a relative one, and finds nothing.
  const list =
    paths.length === 1 ? paths[0]! : `/{${paths.map((path) => path.slice(1)).join(",")}}`;
  return `file(${quoteText(list)}, '${ENGINE_FORMATS[format]}', ${quoteText(structure)})`;
};
