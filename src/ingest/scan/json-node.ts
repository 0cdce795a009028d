/** A JSON value with the range of its bytes. Numbers keep their text: nothing is rounded. */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull;

interface Range {
  readonly start: number;
  readonly end: number;
}
export interface JsonObject extends Range {
  readonly kind: "object";
  readonly members: ReadonlyMap<string, JsonMember>;
}
export interface JsonMember {
  /** Range of the key's bytes, quotes included. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: JsonNode;
}
export interface JsonArray extends Range {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}
export interface JsonString extends Range {
  readonly kind: "string";
  readonly text: string;
}
export interface JsonNumber extends Range {
  readonly kind: "number";
  readonly text: string;
}
export interface JsonBoolean extends Range {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface JsonNull extends Range {
  readonly kind: "null";
}

/** The value of a member of an object, if that is what the node is and has. */
export const member = (node: JsonNode | undefined, key: string): JsonNode | undefined =>
  node?.kind === "object" ? node.members.get(key)?.value : undefined;

/** The text of a member that is a string. */
export function textOf(node: JsonNode | undefined, key: string): string | undefined {
  const value = member(node, key);
  return value?.kind === "string" ? value.text : undefined;
}
