import { formatDecimal } from "../../core/decimal.ts";
import type { LeafType } from "../../language/schema/field-type.ts";
import type { Stage } from "../scan/stage.ts";

/** The canonical text of a value that isn't a text, at its place in a stage: what keys are made of. */
export function declaredText(stage: Stage, at: number, type: LeafType): string {
  const { view } = stage;
  switch (type.kind) {
    case "boolean":
      return stage.bytes[at] === 1 ? "true" : "false";
    case "float":
      return String(view.getFloat64(at, true));
    case "decimal": {
      const low = view.getBigInt64(at, true);
      const wide = type.precision > 18;
      const value = wide ? (view.getBigInt64(at + 8, true) << 64n) | BigInt.asUintN(64, low) : low;
      return formatDecimal(value, type.scale);
    }
    default:
      return String(view.getBigInt64(at, true));
  }
}
