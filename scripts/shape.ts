import { blank } from "./tidy/source.ts";
import { lineAt } from "./tidy/finding.ts";

/** A function with a body in braces. */
export interface FunctionShape {
  readonly name: string;
  /** 1-based line of the opening brace. */
  readonly line: number;
  readonly lines: number;
}

/** Sizes of one source file. */
export interface Shape {
  readonly lines: number;
  /** Lines that hold nothing but comment. */
  readonly comments: number;
  readonly functions: readonly FunctionShape[];
}

const NOT_FUNCTIONS = /^(if|for|while|switch|catch|with)$/;

/** Measures a source; functions are told by what stands before their brace. */
export function shapeOf(source: string): Shape {
  const code = blank(source);
  const sourceLines = source.split("\n");
  const codeLines = code.split("\n");
  const comments = sourceLines.filter((line, index) => {
    return /^\s*(\/\/|\/\*|\*)/.test(line) && codeLines[index]!.trim() === "";
  }).length;
  return { lines: sourceLines.length - 1, comments, functions: functionsOf(code) };
}

function functionsOf(code: string): FunctionShape[] {
  const found: FunctionShape[] = [];
  const open: { name: string | undefined; line: number }[] = [];
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === "{") open.push({ name: nameBefore(code, at), line: lineAt(code, at) });
    if (code[at] !== "}") continue;
    const closed = open.pop();
    if (closed?.name === undefined) continue;
    found.push({ name: closed.name, line: closed.line, lines: lineAt(code, at) - closed.line + 1 });
  }
  return found;
}

/** The name of the function whose body begins at `brace`; `undefined` when it begins none. */
function nameBefore(code: string, brace: number): string | undefined {
  const before = code.slice(Math.max(0, brace - 2_000), brace).trimEnd();
  if (before.endsWith("=>")) {
    return /[^]*\b(?:const|let)\s+(\w+)\s*[:=]/.exec(before.slice(-400))?.[1] ?? "(arrow)";
  }
  // `name(…)` or `name(…): Type`: walk back over the type, then over the parameters.
  const signature = /\)\s*(?::[^;{}()=]*(?:\([^()]*\))?[^;{}()=]*)?$/.exec(before);
  if (signature === null) return undefined;
  let depth = 0;
  for (let at = signature.index; at >= 0; at -= 1) {
    if (before[at] === ")") depth += 1;
    if (before[at] === "(" && --depth === 0) {
      const name = /([#\w]+)\s*(?:<[^()]*>)?\s*$/.exec(before.slice(0, at))?.[1];
      return name === undefined || NOT_FUNCTIONS.test(name) ? undefined : name;
    }
  }
  return undefined;
}
