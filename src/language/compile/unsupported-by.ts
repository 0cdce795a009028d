import { MillraceError } from "../../core/errors.ts";

/** Makes the error of a part of a definition that an engine can't run exactly as the others do. */
export const unsupportedBy =
  (engine: string) =>
  (node: string, reason: string): MillraceError =>
    new MillraceError("UNSUPPORTED_BY_ENGINE", `${engine} can't run \`${node}\`: ${reason}`, {
      field: node,
    });
