import type { ErrorCode } from "../../core/errors.ts";

/** Why one event isn't taken: a code of the closed list, where, what, and what to do. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  /** Dotted path of the field it is about. */
  readonly field?: string | undefined;
  readonly hint?: string | undefined;
}
