/** A document as JSON text: a bigint is a number, a Date its ISO text, bytes their UTF-8 text. */
export function rowJson(document: unknown): string {
  return JSON.stringify(document, replace);
}

interface RawJson {
  rawJSON(text: string): unknown;
}

// ECMAScript's JSON.rawJSON, which TypeScript's library doesn't know yet
const { rawJSON } = JSON as unknown as RawJson;

function replace(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJSON(value.toString());
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  return value;
}
