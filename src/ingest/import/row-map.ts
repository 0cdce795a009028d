import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MillraceError } from "../../core/errors.ts";
import type { SourceRecord } from "./source-row.ts";

/** Makes an event's document of a row; `undefined` or null leaves the row out. */
export interface RowMap {
  /** Names the map's text. */
  readonly hash: string;
  apply(row: SourceRecord, rowNumber: number, line: number): unknown;
}

type MapFunction = (row: SourceRecord, at: { file: string; row: number }) => unknown;

/** Loads `--map`: a module whose default export is a function. `file` is what `at.file` says. */
export async function loadRowMap(path: string, file: string): Promise<RowMap> {
  const absolute = resolve(path);
  let text: string;
  let module: { default?: unknown };
  try {
    text = readFileSync(absolute, "utf8");
    module = (await import(pathToFileURL(absolute).href)) as { default?: unknown };
  } catch (cause) {
    throw new MillraceError("IMPORT_FAILED", `the map ${path} can't be loaded: ${String(cause)}`, {
      field: "--map",
      cause,
    });
  }
  if (typeof module.default !== "function") {
    throw new MillraceError("IMPORT_FAILED", `the map ${path} has no function as default export`, {
      field: "--map",
      hint: "export default (row, at) => ({ user_id: row.user, … })",
    });
  }
  const map = module.default as MapFunction;
  return {
    hash: createHash("sha256").update(text).digest("hex").slice(0, 16),
    apply: (row, rowNumber, line) => apply(map, path, file, row, rowNumber, line),
  };
}

function apply(
  map: MapFunction,
  path: string,
  file: string,
  row: SourceRecord,
  rowNumber: number,
  line: number,
): unknown {
  let document: unknown;
  try {
    document = map(row, { file, row: rowNumber });
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw mapFailed(`the map ${path} failed on row ${rowNumber}: ${what}`, line, cause);
  }
  if (document === undefined || document === null) return undefined;
  if (typeof document === "object" && !Array.isArray(document)) {
    if (!(document instanceof Promise)) return document;
  }
  throw mapFailed(`the map ${path} gave no object for row ${rowNumber}`, line, undefined);
}

const mapFailed = (message: string, line: number, cause: unknown): MillraceError =>
  new MillraceError("IMPORT_FAILED", `${message} (line ${line})`, {
    field: "--map",
    line,
    cause,
    hint: "mend it and run the same command again; rows that are in already stay as they are",
  });
