import type { DoorProgram } from "./door-program.ts";

/** How often a clean step changed a field, by `topic field`; of those that it did. */
export function cleanedCounts({ inputs }: DoorProgram): Record<string, number> {
  const cleaned: Record<string, number> = {};
  for (const { name, scanner } of inputs.values()) {
    for (const [leaf, n] of scanner.exact.cleaned.entries()) {
      if (n > 0) cleaned[`${name} ${scanner.program.leaves[leaf]!.path}`] = n;
    }
  }
  return cleaned;
}
