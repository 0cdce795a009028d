import { MillraceError } from "../../core/errors.ts";
import { parseDuration, type DurationText } from "../../core/time.ts";

/** Milliseconds of a duration in a definition; throws `DEFINITION_INVALID` naming the node. */
export function durationMs(text: DurationText, node: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) {
    throw new MillraceError("DEFINITION_INVALID", `${node}: "${text}" isn't a duration`, {
      field: node,
      hint: 'write a whole number and a unit: "500ms", "30s", "5m", "24h", "30d"',
    });
  }
  return ms;
}
