/** What a new version of a subject must keep, as Confluent's registry names it. */
export type CompatibilityLevel =
  | "NONE"
  | "BACKWARD"
  | "BACKWARD_TRANSITIVE"
  | "FORWARD"
  | "FORWARD_TRANSITIVE"
  | "FULL"
  | "FULL_TRANSITIVE";

/** Which way data must flow, and past how many versions. */
interface LevelMeaning {
  /** The new schema reads data of earlier versions. */
  readonly backward: boolean;
  /** Earlier versions read data of the new schema. */
  readonly forward: boolean;
  /** Compared with every earlier version, not with the newest alone. */
  readonly transitive: boolean;
}

const meaning = (backward: boolean, forward: boolean, transitive: boolean): LevelMeaning => ({
  backward,
  forward,
  transitive,
});

/** Every level with its meaning. */
export const COMPATIBILITY_LEVELS: Readonly<Record<CompatibilityLevel, LevelMeaning>> = {
  NONE: meaning(false, false, false),
  BACKWARD: meaning(true, false, false),
  BACKWARD_TRANSITIVE: meaning(true, false, true),
  FORWARD: meaning(false, true, false),
  FORWARD_TRANSITIVE: meaning(false, true, true),
  FULL: meaning(true, true, false),
  FULL_TRANSITIVE: meaning(true, true, true),
};

/** Whether a text names a level; levels are upper case. */
export function isCompatibilityLevel(value: unknown): value is CompatibilityLevel {
  return typeof value === "string" && Object.hasOwn(COMPATIBILITY_LEVELS, value);
}
