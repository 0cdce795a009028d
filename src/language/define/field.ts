import { MillraceError } from "../../core/errors.ts";
import { deepFreeze } from "../../core/freeze.ts";
import type {
  BooleanType,
  CleanStep,
  DecimalType,
  FieldNode,
  FieldType,
  FloatType,
  IdType,
  IntegerType,
  OneOfType,
  StringType,
  TimestampType,
} from "../schema/field-type.ts";

/** A record's declared fields, by name. */
export type FieldMap = { readonly [name: string]: Field };

/** The type of a record in the builders: its fields by name, for inference. */
export interface RecordOf<Fields extends FieldMap> {
  readonly kind: "record";
  readonly members: Fields;
}

/** A leaf type of the builders or a record of fields. */
export type DefinedType =
  | StringType
  | IdType
  | OneOfType
  | IntegerType
  | DecimalType
  | FloatType
  | BooleanType
  | TimestampType
  | RecordOf<FieldMap>;

/** A declared field: an inert value; each method gives a new one. */
export interface Field<Type extends DefinedType = DefinedType, Optional extends boolean = boolean> {
  readonly type: Type;
  readonly isOptional: Optional;
  readonly marks: FieldMarks;
  /** May be absent or null. */
  optional(): Field<Type, true>;
  /** Names the person the event is about. */
  subject(): Field<Type, Optional>;
  /** About a person, but doesn't name them. */
  personal(): Field<Type, Optional>;
  /** Cleans the value at the door; changes are counted and the original is kept. */
  clean(
    ...steps: readonly ("trim" | "lowercase" | "uppercase" | "nfc" | "coerce")[]
  ): Field<Type, Optional>;
  /** What an absent or null value becomes. The field is then never null. */
  default(value: DefaultOf<Type>): Field<Type, false>;
}

export interface FieldMarks {
  readonly subject?: true;
  readonly personal?: true;
  readonly clean?: readonly CleanStep[];
}

type DefaultOf<Type> = Type extends { kind: "boolean" }
  ? boolean
  : Type extends { kind: "integer" | "float" }
    ? number
    : Type extends OneOfType<infer Value>
      ? Value
      : string;

function makeField<Type extends DefinedType, Optional extends boolean>(
  type: Type,
  isOptional: Optional,
  marks: FieldMarks = {},
): Field<Type, Optional> {
  const cleaned = (steps: readonly CleanStep[]): FieldMarks => ({
    ...marks,
    clean: [...(marks.clean ?? []), ...steps],
  });
  return Object.freeze({
    type,
    isOptional,
    marks: deepFreeze(marks),
    optional: () => makeField(type, true, marks),
    subject: () => makeField(type, isOptional, { ...marks, subject: true }),
    personal: () => makeField(type, isOptional, { ...marks, personal: true }),
    clean: (...steps: readonly Exclude<CleanStep["kind"], "default">[]) =>
      makeField(type, isOptional, cleaned(steps.map((kind) => ({ kind })))),
    default: (value: string | number | boolean) =>
      makeField(type, false, cleaned([{ kind: "default", value }])),
  }) as Field<Type, Optional>;
}

const required = <Type extends DefinedType>(type: Type): Field<Type, false> =>
  makeField(type, false);

/** The builders of field types. */
export const t = Object.freeze({
  /** Unicode text. */
  string: () => required<StringType>({ kind: "string" }),
  /** A UUID, or a client's own id of 1 to 128 characters. */
  id: () => required<IdType>({ kind: "id" }),
  /** A text among those given. */
  oneOf: <const Value extends string>(...values: readonly Value[]) =>
    required<OneOfType<Value>>(deepFreeze({ kind: "oneOf", values })),
  /** A whole number of 64 bits. */
  integer: () => required<IntegerType>({ kind: "integer" }),
  /** An exact amount of at most `precision` digits (≤ 38), `scale` of them after the point. */
  decimal: (precision: number, scale: number) =>
    required<DecimalType>(decimalType(precision, scale)),
  /** An exact amount of money; `currency` is the dotted path of the field that names it. */
  money: (precision: number, scale: number, currency: string) =>
    required<DecimalType>({ ...decimalType(precision, scale), currency }),
  /** A measurement, 64-bit floating point: may be averaged or compared, never summed. */
  float: () => required<FloatType>({ kind: "float" }),
  boolean: () => required<BooleanType>({ kind: "boolean" }),
  /** A time. `zone`: how to read times without an offset (IANA); otherwise they are refused. */
  timestamp: (options: { readonly zone?: string } = {}) =>
    required<TimestampType>({ kind: "timestamp", ...options }),
  /** A record of fields. An optional record means that all of its leaves may be null. */
  record: <const Fields extends FieldMap>(members: Fields) =>
    required<RecordOf<Fields>>({ kind: "record", members }),
});

function decimalType(precision: number, scale: number): DecimalType {
  const whole = Number.isInteger(precision) && Number.isInteger(scale);
  if (!whole || precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw new MillraceError("DEFINITION_INVALID", `there is no decimal(${precision}, ${scale})`, {
      hint: "precision is 1 to 38, scale 0 to precision",
    });
  }
  return { kind: "decimal", precision, scale };
}

/** The plan's nodes of declared fields. */
export function fieldNodes(fields: FieldMap): readonly FieldNode[] {
  return Object.entries(fields).map(([name, field]): FieldNode => {
    const type: FieldType =
      field.type.kind === "record"
        ? { kind: "record", fields: fieldNodes(field.type.members) }
        : field.type;
    return { name, type, optional: field.isOptional, ...field.marks };
  });
}
