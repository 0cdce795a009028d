import { cleanValue } from "../scan/clean-value.ts";
import type { JsonMember, JsonNode, JsonObject } from "../scan/json-node.ts";
import type { ScanProgram } from "../scan/program.ts";

const COERCE = { kind: "coerce" } as const;

/**
 * An event of a file whose values are all texts (CSV) with the texts of declared numbers and
 * booleans read as such. That is how the file is read, not a cleaning: nothing of it is recorded.
 */
export function readTexts(program: ScanProgram, node: JsonObject, record = 0): JsonObject {
  const { byName } = program.records[record]!;
  let members: Map<string, JsonMember> | undefined;
  for (const [key, member] of node.members) {
    const target = byName.get(key);
    if (target === undefined) continue;
    const { value } = member;
    const read =
      target >= 0
        ? readText(program, target, value)
        : value.kind === "object"
          ? readTexts(program, value, -1 - target)
          : value;
    if (read === value) continue;
    members ??= new Map(node.members);
    members.set(key, { ...member, value: read });
  }
  return members === undefined ? node : { ...node, members };
}

function readText(program: ScanProgram, leaf: number, value: JsonNode): JsonNode {
  if (value.kind !== "string") return value;
  const { start, end } = value;
  const read = cleanValue(COERCE, value, program.leaves[leaf]!.type);
  if (read.kind === "number" || read.kind === "boolean") return { ...read, start, end };
  return value;
}

/** The event with an id where it has none. */
export function withId(program: ScanProgram, node: JsonObject, id: string): JsonObject {
  const { path } = program.leaves[program.id]!;
  const own = node.members.get(path)?.value;
  if (path.includes(".") || (own !== undefined && own.kind !== "null")) return node;
  const range = { keyStart: node.start, keyEnd: node.start };
  const value = { kind: "string", text: id, start: node.start, end: node.start } as const;
  return { ...node, members: new Map(node.members).set(path, { ...range, value }) };
}
