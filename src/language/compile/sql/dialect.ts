import type { MillraceError } from "../../../core/errors.ts";

/** Where the SQL of Spark and that of Flink differ; the rest is alike. */
export interface Dialect {
  readonly unsupported: (node: string, reason: string) => MillraceError;
  /** A text as a literal, whatever it contains. */
  readonly text: (text: string) => string;
  /** A point in time, in the type that columns of time have. */
  readonly time: (ms: number) => string;
  /** Milliseconds of a time, BIGINT. */
  readonly millis: (sql: string) => string;
  /** Whether a text has a match of a regular expression of Java's. */
  readonly matches: (sql: string, expression: string) => string;
  /** The sum or the product of two decimals; null where it has more than 38 digits. */
  readonly checked: (sign: "+" | "*", left: string, right: string) => string;
}

/** Digits of the widest decimal of both engines. */
export const DIGITS_MAX = 38;
