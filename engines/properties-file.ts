import { writeFileSync } from "node:fs";

/** Writes a file of settings, a line each; the values here need no escape. */
export function writeProperties(
  file: string,
  properties: Readonly<Record<string, string | number | boolean>>,
  between = "=",
): void {
  const lines = Object.entries(properties).map(([name, value]) => `${name}${between}${value}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}
