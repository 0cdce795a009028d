import { canonicalJson } from "../../core/canonical-json.ts";
import { fingerprint } from "../../core/fingerprint.ts";
import type { ValueType } from "../schema/field-type.ts";

/** The comparison operators. */
export type Comparison = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";

/** The functions of derived fields: evaluated once, at the door, and by no engine. */
export type DerivedFunction =
  | "path"
  | "host"
  | "queryParameter"
  | "lower"
  | "upper"
  | "concat"
  | "sha256"
  | "hourOfDay"
  | "dayOfWeek"
  | "geohash";

/**
 * An expression as data. What engines evaluate is the small algebra with SQL's three-valued logic;
 * `call` is for derived fields only, `exists` is stamped at the door, `minutesBetween` and `day`
 * are for models only.
 */
export type Expression =
  | FieldExpression
  | LiteralExpression
  | {
      readonly kind: "compare";
      readonly op: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "in";
      readonly value: Expression;
      readonly options: readonly LiteralExpression[];
    }
  | { readonly kind: "isNull"; readonly value: Expression }
  | { readonly kind: "and"; readonly args: readonly Expression[] }
  | { readonly kind: "or"; readonly args: readonly Expression[] }
  | { readonly kind: "not"; readonly arg: Expression }
  | { readonly kind: "coalesce"; readonly args: readonly Expression[] }
  | {
      readonly kind: "arithmetic";
      readonly op: "add" | "subtract" | "multiply";
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "call"; readonly fn: DerivedFunction; readonly args: readonly Expression[] }
  | ExistsExpression
  /** Minutes from one time to another, decimal(18, 4), HALF_UP. */
  | { readonly kind: "minutesBetween"; readonly from: Expression; readonly to: Expression }
  /** The UTC day that a model is computed for, as text `YYYY-MM-DD`. */
  | { readonly kind: "day" };

/** A column of the source, by its dotted path. */
export interface FieldExpression {
  readonly kind: "field";
  /** The event, stream, table or model that it belongs to. */
  readonly source: string;
  readonly path: string;
  readonly type: ValueType;
  readonly nullable: boolean;
}

/** Whether a table has a row with this key, as it was when the event came. */
export interface ExistsExpression {
  readonly kind: "exists";
  readonly table: string;
  readonly key: Expression;
}

/** A constant. Decimals and integers are text; times are milliseconds. */
export interface LiteralExpression {
  readonly kind: "literal";
  readonly type: ValueType;
  readonly value: string | number | boolean;
}

/** The expressions directly below one. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "field":
    case "literal":
    case "day":
      return [];
    case "compare":
    case "arithmetic":
      return [expression.left, expression.right];
    case "in":
      return [expression.value, ...expression.options];
    case "isNull":
      return [expression.value];
    case "not":
      return [expression.arg];
    case "exists":
      return [expression.key];
    case "minutesBetween":
      return [expression.from, expression.to];
    default:
      return expression.args;
  }
}

/** Calls `visit` for an expression and everything below it, outermost first. */
export function walkExpression(expression: Expression, visit: (each: Expression) => void): void {
  visit(expression);
  for (const operand of operandsOf(expression)) walkExpression(operand, visit);
}

/** The distinct fields that an expression reads. */
export function fieldsIn(expression: Expression): readonly FieldExpression[] {
  const found = new Map<string, FieldExpression>();
  walkExpression(expression, (each) => {
    if (each.kind === "field") found.set(`${each.source}\u0000${each.path}`, each);
  });
  return [...found.values()];
}

/** An expression's value type and whether it may be null. */
export interface Typed {
  readonly type: ValueType;
  readonly nullable: boolean;
}

const BOOLEAN: ValueType = { kind: "boolean" };

/** What an `exists` asks, the same for the same question: `users.user_id-or-anonymous_id`. */
export const lookupName = ({ table, key }: ExistsExpression): string => `${table}.${keyName(key)}`;

function keyName(key: Expression): string {
  if (key.kind === "field") return key.path;
  if (key.kind === "coalesce") return key.args.map(keyName).join("-or-");
  return fingerprint(canonicalJson(key));
}

/**
 * The name of the column that carries the stamped answer of an `exists`, such as
 * `_in_users_by_user_id_or_anonymous_id`: a name that Avro takes too. `checkPlan` refuses two
 * questions whose names come out the same.
 */
export const lookupColumn = ({ table, key }: ExistsExpression): string =>
  `_in_${table}_by_${keyName(key)}`.replaceAll(/\W/g, "_");

/** The exact type of an arithmetic result, by SQL's rules for decimals. */
export function arithmeticType(
  op: "add" | "subtract" | "multiply",
  left: ValueType,
  right: ValueType,
): ValueType {
  if (left.kind === "float" || right.kind === "float") return { kind: "float" };
  if (left.kind !== "decimal" && right.kind !== "decimal") return { kind: "integer" };
  const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);
  const scale =
    op === "multiply" ? scaleOf(left) + scaleOf(right) : Math.max(scaleOf(left), scaleOf(right));
  return { kind: "decimal", precision: 38, scale };
}

/** The type of any expression. */
export function typeOf(expression: Expression): Typed {
  switch (expression.kind) {
    case "field":
      return { type: expression.type, nullable: expression.nullable };
    case "literal":
      return { type: expression.type, nullable: false };
    case "isNull":
      return { type: BOOLEAN, nullable: false };
    case "exists":
      return { type: BOOLEAN, nullable: true };
    case "coalesce": {
      const args = expression.args.map(typeOf);
      return { type: args[0]!.type, nullable: args.every((arg) => arg.nullable) };
    }
    case "arithmetic": {
      const left = typeOf(expression.left);
      const right = typeOf(expression.right);
      return {
        type: arithmeticType(expression.op, left.type, right.type),
        nullable: left.nullable || right.nullable,
      };
    }
    case "call":
      return { type: callType(expression.fn), nullable: true };
    case "minutesBetween":
      return { type: { kind: "decimal", precision: 18, scale: 4 }, nullable: true };
    case "day":
      return { type: { kind: "string" }, nullable: false };
    default:
      return {
        type: BOOLEAN,
        nullable: operandsOf(expression).some((each) => typeOf(each).nullable),
      };
  }
}

const callType = (fn: DerivedFunction): ValueType =>
  fn === "hourOfDay" || fn === "dayOfWeek" ? { kind: "integer" } : { kind: "string" };
