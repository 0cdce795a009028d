/** A flat row with dotted columns (`properties.price`) as nested objects; others as they are. */
export function nested(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let hasDots = false;
  for (const name in row) {
    if (name.includes(".")) hasDots = true;
  }
  if (!hasDots) return row;
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (!name.includes(".") || !put(out, name.split("."), value)) out[name] = value;
  }
  return out;
}

/** False when a part of the path is no object or its name is special. */
function put(out: Record<string, unknown>, path: readonly string[], value: unknown): boolean {
  if (path.some((name) => name === "" || name === "__proto__")) return false;
  let object = out;
  for (const name of path.slice(0, -1)) {
    const next = (object[name] ??= {});
    if (typeof next !== "object" || next === null || Array.isArray(next)) return false;
    object = next as Record<string, unknown>;
  }
  object[path.at(-1)!] = value;
  return true;
}
