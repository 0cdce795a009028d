import { DuckDBInstance } from "@duckdb/node-api";

/**
 * Runs SQL in DuckDB, an engine that shares no code with the ones under test, and gives the rows of
 * the last statement: whole numbers as bigint or number, everything else as text where asked by CAST.
 */
export async function duckQuery(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
