import { MillraceError } from "../../../core/errors.ts";

/** The error of a part of a definition that ClickHouse can't run exactly as the others do. */
export const unsupported = (node: string, reason: string): MillraceError =>
  new MillraceError("UNSUPPORTED_BY_ENGINE", `ClickHouse can't run \`${node}\`: ${reason}`, {
    field: node,
  });
