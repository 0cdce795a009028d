import type { ErrorCode } from "../../../core/errors.ts";
import type { WarehouseUser } from "./users.ts";

/** The first line on the child's standard input. */
export interface ChildConfig {
  readonly dataDir: string;
  readonly database: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly users: readonly WarehouseUser[];
  readonly memoryBytesMax: number;
  /** How long running queries may take to end when the child is told to stop. */
  readonly drainMs: number;
}

/** The one line on the child's standard output. */
export type ChildReport =
  | { readonly ready: true; readonly port: number }
  | {
      readonly ready: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint?: string;
      readonly field?: string;
    };
