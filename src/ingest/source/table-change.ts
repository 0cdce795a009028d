import type { Problem } from "../scan/problem.ts";

/** What a record of a database's changes says about a table's row. */
export type TableChange =
  /** It is as `json` says, natively. */
  | { readonly kind: "row"; readonly json: Buffer }
  /** There is no such row any more: `json` has its key, an id and a time. */
  | { readonly kind: "deletion"; readonly json: Buffer }
  /** It can't be told. */
  | { readonly kind: "problem"; readonly problem: Problem };
