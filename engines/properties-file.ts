import { writeFileSync } from "node:fs";

/** Writes a Java properties file; the values here need no escape. */
export function writeProperties(
  file: string,
  properties: Readonly<Record<string, string | number | boolean>>,
): void {
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
}
