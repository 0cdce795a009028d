import { setFlagsFromString } from "node:v8";

/**
 * V8 stops to inline when a function has grown to a size; generated code and the loops of the door
 * come to it long before every small copy in them is inlined. With more room an event costs the door
 * a tenth, and derived columns a quarter, less.
 */
export const INLINE_MORE = [
  "--max-inlined-bytecode-size=1000",
  "--max-inlined-bytecode-size-cumulative=3000",
] as const;

/**
 * V8 marks the whole heap again when it has grown by less than the young generation may hold. The
 * door's heap is small and hardly grows: it was marked every second for nothing. It may come to five
 * times its size, some 150 MB, first.
 */
export const MARK_RARELY = "--heap-growing-percent=400";

/** For this process; what is compiled, or collected, from now on. */
export function setV8Flags(flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
