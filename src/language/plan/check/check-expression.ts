import type { ValueType } from "../../schema/field-type.ts";
import { operandsOf, typeOf, type Expression } from "../expression.ts";

/** Where an expression stands: what it may read and which constructs it may use. */
export interface ExpressionContext {
  /** The columns that may be read: source name → path → type. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, ValueType>>;
  readonly tables: ReadonlySet<string>;
  readonly allows: { readonly calls: boolean; readonly day: boolean; readonly exists: boolean };
}

/** A mistake in an expression: what, and what to do. */
export interface ExpressionProblem {
  readonly message: string;
  readonly hint: string;
}

const isNumber = (type: ValueType): boolean =>
  type.kind === "integer" || type.kind === "decimal" || type.kind === "float";

const comparable = (left: ValueType, right: ValueType): boolean =>
  left.kind === right.kind ||
  (isNumber(left) && isNumber(right) && (left.kind === "float") === (right.kind === "float"));

/** The mistakes of an expression and everything below it. */
export function checkExpression(
  expression: Expression,
  context: ExpressionContext,
): readonly ExpressionProblem[] {
  const below = operandsOf(expression).flatMap((each) => checkExpression(each, context));
  const own = checkOne(expression, context);
  return own === undefined ? below : [...below, own];
}

function checkOne(
  expression: Expression,
  context: ExpressionContext,
): ExpressionProblem | undefined {
  switch (expression.kind) {
    case "field":
      return checkField(expression.source, expression.path, context);
    case "compare":
      return checkComparable(typeOf(expression.left).type, typeOf(expression.right).type);
    case "arithmetic":
      return isNumber(typeOf(expression.left).type) && isNumber(typeOf(expression.right).type)
        ? undefined
        : { message: "arithmetic needs two numbers", hint: "times are compared, not added" };
    case "and":
    case "or":
    case "not":
      return operandsOf(expression).every((each) => typeOf(each).type.kind === "boolean")
        ? undefined
        : { message: `\`${expression.kind}\` needs conditions`, hint: "compare the value first" };
    case "coalesce": {
      const [first, ...rest] = expression.args.map((each) => typeOf(each).type);
      const differs = rest.some((each) => !comparable(first!, each));
      return differs
        ? { message: "`or` needs values of one kind", hint: "coalesce texts with texts" }
        : undefined;
    }
    case "call":
      return context.allows.calls
        ? undefined
        : {
            message: `no engine evaluates \`${expression.fn}\``,
            hint: "make it a derived field (`derive` on the event) and use that field here",
          };
    case "exists":
      return checkExists(expression.table, context);
    case "minutesBetween":
    case "day":
      return context.allows.day
        ? undefined
        : { message: `\`${expression.kind}\` is for models only`, hint: "use it in a model" };
    default:
      return undefined;
  }
}

function checkField(
  source: string,
  path: string,
  context: ExpressionContext,
): ExpressionProblem | undefined {
  const columns = context.columns.get(source);
  if (columns === undefined) {
    const known = [...context.columns.keys()].join(", ");
    return {
      message: `field ${path} belongs to ${source}, which isn't a source here`,
      hint: `use the fields of ${known}`,
    };
  }
  if (columns.has(path)) return undefined;
  return { message: `${source} has no field ${path}`, hint: "declare it, or correct the name" };
}

const checkComparable = (left: ValueType, right: ValueType): ExpressionProblem | undefined =>
  comparable(left, right)
    ? undefined
    : {
        message: `a ${left.kind} can't be compared with a ${right.kind}`,
        hint: "compare values of one kind; floats only with floats",
      };

function checkExists(table: string, context: ExpressionContext): ExpressionProblem | undefined {
  if (!context.allows.exists) {
    return {
      message: "`existsIn` can't stand here",
      hint: "it is stamped at the door: use it in rules of severity warn, streams, metrics and cubes over events",
    };
  }
  return context.tables.has(table)
    ? undefined
    : { message: `the pipeline has no table ${table}`, hint: "add it to `tables`" };
}
