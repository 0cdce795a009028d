import { deepFreeze } from "../../core/freeze.ts";
import type { DurationText } from "../../core/time.ts";
import type { EventNode } from "../plan/nodes.ts";
import { typeOf } from "../plan/expression.ts";
import { durationMs } from "./duration.ts";
import { fieldNodes, type FieldMap } from "./field.ts";
import { columnValue, fieldValues, type FieldValues } from "./fields.ts";
import { dimensionsOf, type Source, type ValueMap } from "./source.ts";

/** A defined event: an inert value with its fields as typed values. */
export interface EventDefinition<Fields extends FieldMap, Derived extends ValueMap> extends Source<
  FieldValues<Fields> & Derived
> {
  readonly node: EventNode;
}

/** What an event says beside its fields. */
export interface EventOptions<Fields extends FieldMap, Derived extends ValueMap> {
  /** The field that identifies an event; with the key, what makes it a duplicate. */
  readonly id: keyof Fields & string;
  /** The field that says when it happened. */
  readonly time: keyof Fields & string;
  /** The field, or the first non-null of the fields, that partitions the topic. */
  readonly key: (keyof Fields & string) | readonly (keyof Fields & string)[];
  /** What becomes of undeclared keys: kept as JSON text (default), dropped, or refused. */
  readonly undeclared?: "keep" | "drop" | "refuse";
  /** How long an id is remembered, 24h by default, 30d at most. */
  readonly horizon?: DurationText;
  /** Columns computed once, at the door. */
  readonly derive?: (fields: FieldValues<Fields>) => Derived;
}

/** Defines an event: one topic of immutable facts. */
export function event<const Fields extends FieldMap, const Derived extends ValueMap = {}>(
  name: string,
  fields: Fields,
  options: EventOptions<Fields, Derived>,
): EventDefinition<Fields, Derived> {
  const nodes = fieldNodes(fields);
  const values = fieldValues<Fields>(name, nodes);
  const derived = dimensionsOf(options.derive?.(values) ?? {});
  const node: EventNode = deepFreeze({
    kind: "event",
    name,
    fields: nodes,
    id: options.id,
    time: options.time,
    key: typeof options.key === "string" ? [options.key] : [...options.key],
    undeclared: options.undeclared ?? "keep",
    derived,
    horizonMs: durationMs(options.horizon ?? "24h", name),
  });
  const columns = derived.map((each) => [
    each.name,
    columnValue(name, each.name, typeOf(each.value).type, true),
  ]);
  const all = Object.freeze({ ...values, ...Object.fromEntries(columns) });
  return Object.freeze<EventDefinition<Fields, Derived>>({
    node,
    fields: all as FieldValues<Fields> & Derived,
  });
}
