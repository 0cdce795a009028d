import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** A data set: the whole of it where a checkout has it beside it, else the committed sample. */
export interface DataSet {
  readonly file: string;
  readonly isWhole: boolean;
  /** Its known answers, by name; only of the whole. */
  readonly reference: Readonly<Record<string, { readonly rows: unknown }>>;
}

/** `whole` is below `../shared/data`, `sample` below `examples`. `REAL_DATA=sample` asks for the latter. */
export function dataSet(whole: string, sample: string): DataSet {
  const file = join(ROOT, "../shared/data", whole);
  const wantsSample = process.env["REAL_DATA"] === "sample";
  if (wantsSample || !existsSync(file)) {
    return { file: join(ROOT, "examples", sample), isWhole: false, reference: {} };
  }
  const text = readFileSync(join(file, "../reference.json"), "utf8");
  const parsed = JSON.parse(text) as { "computed_here_with_duckdb_2.0": DataSet["reference"] };
  return { file, isWhole: true, reference: parsed["computed_here_with_duckdb_2.0"] };
}
