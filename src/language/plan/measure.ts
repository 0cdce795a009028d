import { typeOf, type Expression } from "./expression.ts";
import type { ValueType } from "../schema/field-type.ts";

/** One aggregate, as data. `where` restricts the events it takes. */
export type Aggregate =
  | { readonly kind: "count"; readonly where?: Expression }
  | { readonly kind: "sum"; readonly value: Expression; readonly where?: Expression }
  | { readonly kind: "min"; readonly value: Expression; readonly where?: Expression }
  | { readonly kind: "max"; readonly value: Expression; readonly where?: Expression }
  | { readonly kind: "avg"; readonly value: Expression; readonly where?: Expression }
  /** Exact up to `limit` values a group; beyond it the row says that it is incomplete. */
  | {
      readonly kind: "countDistinct";
      readonly value: Expression;
      readonly where?: Expression;
      readonly limit: number;
    }
  | { readonly kind: "ratio"; readonly numerator: Aggregate; readonly denominator: Aggregate };

/** A named aggregate. */
export interface Measure {
  readonly name: string;
  readonly aggregate: Aggregate;
}

/** A named value to group by. */
export interface Dimension {
  readonly name: string;
  readonly value: Expression;
}

/** What a row stores of a measure: `avg` and `ratio` have two components, the rest one. */
export interface Component {
  /** The measure's name, or `<name>__sum`, `__count`, `__numerator`, `__denominator`. */
  readonly name: string;
  readonly aggregate: Exclude<Aggregate, { kind: "avg" | "ratio" }>;
  readonly type: ValueType;
  readonly nullable: boolean;
}

const INTEGER: ValueType = { kind: "integer" };

/** The value type of `sum` over a type: decimal(38, s); whole numbers give decimal(38, 0). */
export const sumType = (type: ValueType): ValueType => ({
  kind: "decimal",
  precision: 38,
  scale: type.kind === "decimal" ? type.scale : 0,
});

/** The stored components of a measure, in order. */
export function componentsOf(measure: Measure): readonly Component[] {
  const { name, aggregate } = measure;
  switch (aggregate.kind) {
    case "count":
    case "countDistinct":
      return [{ name, aggregate, type: INTEGER, nullable: false }];
    case "sum":
      return [{ name, aggregate, type: sumType(typeOf(aggregate.value).type), nullable: true }];
    case "min":
    case "max":
      return [{ name, aggregate, type: typeOf(aggregate.value).type, nullable: true }];
    case "avg": {
      const { value, where } = aggregate;
      const filter = where === undefined ? {} : { where };
      const present: Expression = { kind: "not", arg: { kind: "isNull", value } };
      const counted =
        where === undefined ? present : ({ kind: "and", args: [where, present] } as const);
      return [
        ...componentsOf({ name: `${name}__sum`, aggregate: { kind: "sum", value, ...filter } }),
        {
          name: `${name}__count`,
          aggregate: { kind: "count", where: counted },
          type: INTEGER,
          nullable: false,
        },
      ];
    }
    case "ratio":
      return [
        ...componentsOf({ name: `${name}__numerator`, aggregate: aggregate.numerator }),
        ...componentsOf({ name: `${name}__denominator`, aggregate: aggregate.denominator }),
      ];
  }
}

/** Places after the point of a quotient (`avg`, `ratio`) that the query layer gives. */
export const QUOTIENT_SCALE = 6;

/** The type a reader sees of a measure, after the query layer's one division. */
export function resultType(aggregate: Aggregate): ValueType {
  if (aggregate.kind === "avg" || aggregate.kind === "ratio") {
    return { kind: "decimal", precision: 38, scale: QUOTIENT_SCALE };
  }
  return componentsOf({ name: "value", aggregate })[0]!.type;
}
