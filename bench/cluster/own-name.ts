import { randomHex } from "../../src/core/random.ts";

/** A name that nothing else has. */
export const ownName = (what: string): string => `${what}-${randomHex(4)}`;
