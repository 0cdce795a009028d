import { parseDecimal } from "../../../core/decimal.ts";
import { MillraceError } from "../../../core/errors.ts";
import {
  lookupColumn,
  typeOf,
  type Expression,
  type LiteralExpression,
} from "../../plan/expression.ts";
import type { ValueType } from "../../schema/field-type.ts";
import type { LoweredExpression } from "./lowered-expression.ts";
import type { RunnerColumns } from "./runner-columns.ts";

/**
 * Lowers expressions over the rows of one topic. The rules are those of the operators' generated
 * code (`compile/javascript/expression-code.ts`): what is held against each other is brought to one
 * scale first. Throws `UNSUPPORTED_BY_ENGINE`, naming `node`, for what no engine evaluates.
 */
export class ExpressionLowerer {
  readonly #columns: RunnerColumns;
  readonly #node: string;

  constructor(columns: RunnerColumns, node: string) {
    this.#columns = columns;
    this.#node = node;
  }

  lower(expression: Expression): LoweredExpression {
    switch (expression.kind) {
      case "field":
        return this.#column(expression.path, expression.type);
      case "exists":
        return this.#column(lookupColumn(expression), { kind: "boolean" });
      case "literal":
        return constant(expression);
      case "compare": {
        const type = commonType([typeOf(expression.left).type, typeOf(expression.right).type]);
        return {
          op: "compare",
          how: expression.op,
          left: this.#aligned(expression.left, type),
          right: this.#aligned(expression.right, type),
        };
      }
      case "in": {
        const sides = [expression.value, ...expression.options];
        const type = commonType(sides.map((each) => typeOf(each).type));
        const [of, ...options] = sides.map((each) => this.#aligned(each, type));
        return { op: "in", of: of!, options };
      }
      case "isNull":
        return { op: "isNull", of: this.lower(expression.value) };
      case "not":
        return { op: "not", of: this.lower(expression.arg) };
      case "and":
      case "or":
        return { op: expression.kind, args: expression.args.map((arg) => this.lower(arg)) };
      case "coalesce":
        return this.#coalesce(expression.args);
      case "arithmetic":
        return this.#arithmetic(expression);
      default:
        throw this.#unsupported(expression.kind === "call" ? expression.fn : expression.kind);
    }
  }

  #column(name: string, type: ValueType): LoweredExpression {
    const { at, scale } = this.#columns.of(name, this.#node);
    return rescaled({ op: "column", at }, scaleOf(type) - scale);
  }

  #coalesce(args: readonly Expression[]): LoweredExpression {
    const types = args.map((arg) => typeOf(arg).type);
    const type = commonType(types);
    const first = types[0]!;
    if (type.kind !== first.kind || scaleOf(type) !== scaleOf(first)) {
      throw new MillraceError(
        "DEFINITION_INVALID",
        `${this.#node}: the first value of \`or\` can't hold the others exactly`,
        { hint: "begin with the value that has the most places after the point" },
      );
    }
    return { op: "coalesce", args: args.map((arg) => this.#aligned(arg, type)) };
  }

  #arithmetic(expression: Expression & { readonly kind: "arithmetic" }): LoweredExpression {
    const { type } = typeOf(expression);
    const isAligned = expression.op !== "multiply" || type.kind === "float";
    const side = (each: Expression): LoweredExpression =>
      isAligned ? this.#aligned(each, type) : this.lower(each);
    return { op: expression.op, left: side(expression.left), right: side(expression.right) };
  }

  /** The value brought to a common type: the scale of a decimal, or a float. */
  #aligned(expression: Expression, to: ValueType): LoweredExpression {
    if (expression.kind === "literal") return constant(expression, to);
    const of = this.lower(expression);
    const { type } = typeOf(expression);
    if (to.kind === "float" && type.kind !== "float") {
      return { op: "toFloat", scale: scaleOf(type), of };
    }
    return to.kind === "decimal" ? rescaled(of, to.scale - scaleOf(type)) : of;
  }

  #unsupported(what: string): MillraceError {
    const hint = "make it a derived field: it is stored at the door";
    return new MillraceError(
      "UNSUPPORTED_BY_ENGINE",
      `${this.#node}: ${what}() can't be evaluated over single events`,
      { field: this.#node, hint },
    );
  }
}

const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);

const rescaled = (of: LoweredExpression, places: number): LoweredExpression =>
  places > 0 ? { op: "rescale", places, of } : of;

/** The type that values are brought to before they are held against each other. */
function commonType(types: readonly ValueType[]): ValueType {
  if (types.some((type) => type.kind === "float")) return { kind: "float" };
  const scales = types.map((type) => (type.kind === "decimal" ? type.scale : -1));
  const scale = Math.max(...scales);
  return scale >= 0 ? { kind: "decimal", precision: 38, scale } : types[0]!;
}

function constant(
  { type, value }: LiteralExpression,
  to: ValueType = type,
): LoweredExpression & { readonly op: "constant" } {
  if (type.kind === "string") return { op: "constant", kind: "text", value: String(value) };
  if (type.kind === "boolean") return { op: "constant", kind: "boolean", value: value === true };
  if (to.kind === "float") return { op: "constant", kind: "float", value: Number(value) };
  if (type.kind === "timestamp") return { op: "constant", kind: "time", value: Number(value) };
  const unscaled = parseDecimal(String(value), scaleOf(to));
  if (unscaled === undefined) {
    throw new MillraceError("DEFINITION_INVALID", `${String(value)} isn't an exact number`);
  }
  return { op: "constant", kind: "exact", value: String(unscaled) };
}
