import { deepFreeze } from "../../core/freeze.ts";
import { MillraceError } from "../../core/errors.ts";
import type { ValueKind, ValueType } from "../schema/field-type.ts";
import {
  typeOf,
  type Comparison,
  type Expression,
  type LiteralExpression,
} from "../plan/expression.ts";

/** Any value of the language: a plan node with methods that make further nodes. */
export interface AnyValue {
  readonly node: Expression;
  /** Whether the value is null. Never null itself. */
  isNull(): Condition;
  isNotNull(): Condition;
}

/** True, false or null, by SQL's three-valued logic. */
export interface Condition extends AnyValue {
  readonly valueKind: "boolean";
  and(...others: readonly Condition[]): Condition;
  or(...others: readonly Condition[]): Condition;
  not(): Condition;
}

/** A text; `Text` is what it can be. */
export interface TextValue<Text extends string = string> extends AnyValue {
  readonly valueKind: "string";
  is(text: Text | TextValue): Condition;
  isNot(text: Text | TextValue): Condition;
  in(...texts: readonly Text[]): Condition;
  /** The first of the two that isn't null. */
  or<Other extends string>(other: TextValue<Other> | Other): TextValue<Text | Other>;
  /** Whether a table has a row with this key; looked up once, at the door. */
  existsIn(table: { readonly node: { readonly kind: "table"; readonly name: string } }): Condition;
}

/** A number. Exact kinds are `integer` and `decimal`; a `float` is never summed. */
export interface NumberValue<
  Kind extends "integer" | "decimal" | "float" = "integer" | "decimal" | "float",
> extends AnyValue {
  readonly valueKind: Kind;
  is(other: NumberOperand): Condition;
  isNot(other: NumberOperand): Condition;
  gt(other: NumberOperand): Condition;
  gte(other: NumberOperand): Condition;
  lt(other: NumberOperand): Condition;
  lte(other: NumberOperand): Condition;
  in(...numbers: readonly (number | string)[]): Condition;
  or(other: NumberOperand): NumberValue<Kind>;
  plus<Other extends NumberKind>(
    other: NumberValue<Other> | number | string,
  ): NumberValue<Exact<Kind, Other>>;
  minus<Other extends NumberKind>(
    other: NumberValue<Other> | number | string,
  ): NumberValue<Exact<Kind, Other>>;
  times<Other extends NumberKind>(
    other: NumberValue<Other> | number | string,
  ): NumberValue<Exact<Kind, Other>>;
}

type NumberKind = "integer" | "decimal" | "float";
/** The kind of an arithmetic result: a float taints, a decimal wins over an integer. */
type Exact<Left, Right> = "float" extends Left | Right
  ? "float"
  : "decimal" extends Left | Right
    ? "decimal"
    : "integer";

/** A number, its exact text, or a number value. */
export type NumberOperand = number | string | NumberValue;

/** A time, UTC, milliseconds. */
export interface TimeValue extends AnyValue {
  readonly valueKind: "timestamp";
  before(time: TimeValue | string): Condition;
  after(time: TimeValue | string): Condition;
  or(other: TimeValue): TimeValue;
}

/** Any of the four kinds of value. */
export type Value = Condition | TextValue | NumberValue | TimeValue;

type Operand = AnyValue | string | number | boolean;

/** The one implementation behind the typed faces above. */
class PlanValue {
  readonly node: Expression;
  readonly valueKind: ValueKind;

  constructor(node: Expression) {
    this.node = deepFreeze(node);
    this.valueKind = typeOf(node).type.kind;
    Object.freeze(this);
  }

  isNull(): PlanValue {
    return new PlanValue({ kind: "isNull", value: this.node });
  }
  isNotNull(): PlanValue {
    return this.isNull().not();
  }
  not(): PlanValue {
    return new PlanValue({ kind: "not", arg: this.node });
  }
  and(...others: readonly AnyValue[]): PlanValue {
    return new PlanValue({ kind: "and", args: [this.node, ...others.map((each) => each.node)] });
  }
  /** Boolean or for conditions, coalesce for every other kind. */
  or(...others: readonly Operand[]): PlanValue {
    const args = [this.node, ...others.map((each) => this.#operand(each))];
    return new PlanValue({ kind: this.valueKind === "boolean" ? "or" : "coalesce", args });
  }
  is(other: Operand): PlanValue {
    return this.#compare("eq", other);
  }
  isNot(other: Operand): PlanValue {
    return this.#compare("ne", other);
  }
  gt(other: Operand): PlanValue {
    return this.#compare("gt", other);
  }
  gte(other: Operand): PlanValue {
    return this.#compare("gte", other);
  }
  lt(other: Operand): PlanValue {
    return this.#compare("lt", other);
  }
  lte(other: Operand): PlanValue {
    return this.#compare("lte", other);
  }
  before(other: Operand): PlanValue {
    return this.#compare("lt", other);
  }
  after(other: Operand): PlanValue {
    return this.#compare("gt", other);
  }
  in(...options: readonly (string | number)[]): PlanValue {
    const type = typeOf(this.node).type;
    return new PlanValue({
      kind: "in",
      value: this.node,
      options: options.map((each) => literal(each, type)),
    });
  }
  existsIn(table: { readonly node: { readonly name: string } }): PlanValue {
    return new PlanValue({ kind: "exists", table: table.node.name, key: this.node });
  }
  plus(other: Operand): PlanValue {
    return this.#arithmetic("add", other);
  }
  minus(other: Operand): PlanValue {
    return this.#arithmetic("subtract", other);
  }
  times(other: Operand): PlanValue {
    return this.#arithmetic("multiply", other);
  }
  #compare(op: Comparison, other: Operand): PlanValue {
    return new PlanValue({ kind: "compare", op, left: this.node, right: this.#operand(other) });
  }
  #arithmetic(op: "add" | "subtract" | "multiply", other: Operand): PlanValue {
    return new PlanValue({ kind: "arithmetic", op, left: this.node, right: this.#operand(other) });
  }
  #operand(other: Operand): Expression {
    return typeof other === "object" ? other.node : literal(other, typeOf(this.node).type);
  }
}

/** A constant of the kind of the value that it is held against. */
function literal(value: string | number | boolean, like: ValueType): LiteralExpression {
  switch (like.kind) {
    case "string":
    case "boolean":
      return { kind: "literal", type: like, value };
    case "timestamp": {
      const ms = typeof value === "number" ? value : Date.parse(String(value));
      if (!Number.isFinite(ms)) throw badLiteral(value, "a time such as 2026-01-31T00:00:00Z");
      return { kind: "literal", type: like, value: ms };
    }
    case "float":
      return { kind: "literal", type: like, value: Number(value) };
    default: {
      const text = String(value);
      const match = /^-?\d+(?:\.(\d+))?$/.exec(text);
      if (match === null) throw badLiteral(value, "an exact number; give large ones as text");
      const scale = match[1]?.length ?? 0;
      const type: ValueType =
        scale === 0 ? { kind: "integer" } : { kind: "decimal", precision: 38, scale };
      return { kind: "literal", type, value: text };
    }
  }
}

const badLiteral = (value: unknown, wanted: string): MillraceError =>
  new MillraceError("DEFINITION_INVALID", `${JSON.stringify(value)} isn't ${wanted}`);

/** A value of the language over a plan node; the caller states its kind. */
export const valueOf = <V extends AnyValue>(node: Expression): V =>
  new PlanValue(node) as unknown as V;

/** True when all of the conditions are. */
export const and = (...conditions: readonly Condition[]): Condition =>
  valueOf({ kind: "and", args: conditions.map((each) => each.node) });

/** True when any of the conditions is. */
export const or = (...conditions: readonly Condition[]): Condition =>
  valueOf({ kind: "or", args: conditions.map((each) => each.node) });

/** True when the condition is false; null stays null. */
export const not = (condition: Condition): Condition =>
  valueOf({ kind: "not", arg: condition.node });
