/** Something to mend: where, what, how. */
export interface Finding {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly what: string;
  readonly mend: string;
}

/** Text of files by path relative to the root, with `/` between folders. */
export type Tree = ReadonlyMap<string, string>;

/** The 1-based line of a position in a text. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < position; at = text.indexOf("\n", at + 1)) {
    line += 1;
  }
  return line;
}

/** Tests and what only tests use. */
export const isTest = (path: string): boolean =>
  /\.(test|suite|fixture|testing|oracle)\.ts$/.test(path) ||
  /\/(test-support|fixtures)\//.test(path);

/** TypeScript of `src` that is part of the product. */
export const isProduct = (path: string): boolean =>
  path.startsWith("src/") && path.endsWith(".ts") && !isTest(path);
