import type { Layout } from "../../schema/layout.ts";
import { quoteName } from "../sql/sql-text.ts";
import { fileColumnsSql } from "./column-type.ts";
import { quoteText } from "./dialect.ts";

/**
 * A view of the rows of files of the lake under a name: a folder, a file or a pattern, such as
 * `/lake/{a,b}.parquet`. A column that an old file lacks is null; `_offset` is a DECIMAL(20, 0).
 */
export const filesView = (
  name: string,
  layout: Layout,
  path: string,
  format: "parquet" | "orc" = "parquet",
): string =>
  `CREATE OR REPLACE TEMPORARY VIEW ${quoteName(name)} (${fileColumnsSql(layout)}) USING ${format} OPTIONS (path ${quoteText(path)})`;
