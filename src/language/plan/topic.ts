import type { LeafType, ValueType } from "../schema/field-type.ts";
import { layoutOf, type ComputedColumn, type Layout } from "../schema/layout.ts";
import { leavesOf, type Leaf } from "../schema/leaf.ts";
import { lookupColumn, lookupName, typeOf, walkExpression, type Expression } from "./expression.ts";
import { expressionsOf } from "./expressions-of.ts";
import type { EventNode, Plan, StreamNode, TableNode } from "./nodes.ts";

/** A lookup that the door stamps on each row of a topic. */
export interface Lookup {
  readonly column: string;
  readonly table: string;
  readonly key: Expression;
}

/** A topic of the log, with all that the door, the stores and the engines need to know of it. */
export interface Topic {
  readonly name: string;
  readonly node: EventNode | TableNode | StreamNode;
  readonly leaves: readonly Leaf[];
  readonly layout: Layout;
  /** Paths of the identifying field, of the event time, and of the partition key's fields. */
  readonly id: string;
  readonly time: string;
  readonly key: readonly string[];
  readonly lookups: readonly Lookup[];
}

const leafTypeOf = (type: ValueType): LeafType => type;

const TABLE_ID: Leaf = leaf("event_id", { kind: "id" });
const TABLE_TIME: Leaf = leaf("timestamp", { kind: "timestamp" });

function leaf(path: string, type: LeafType, nullable = false): Leaf {
  return { path, type, nullable, subject: false, personal: false, clean: [] };
}

/** All topics of a plan: events, tables, streams, in this order. */
export function topicsOf(plan: Plan): readonly Topic[] {
  const topics = new Map<string, Topic>();
  for (const node of plan.events) topics.set(node.name, eventTopic(plan, node));
  for (const node of plan.tables) topics.set(node.name, tableTopic(node));
  for (const node of plan.streams) {
    const source = topics.get(node.from);
    if (source !== undefined) topics.set(node.name, streamTopic(plan, node, source));
  }
  return [...topics.values()];
}

function eventTopic(plan: Plan, node: EventNode): Topic {
  const leaves = leavesOf(node.fields);
  const lookups = lookupsOf(plan, node.name);
  const derived = node.derived.map(({ name, value }): ComputedColumn => {
    const { type } = typeOf(value);
    return { name, role: "derived", valueType: type, nullable: true };
  });
  const layout = layoutOf(leaves, [...derived, ...lookups.map(lookupAsColumn)]);
  const { name, id, time, key } = node;
  return { name, node, leaves, layout, id, time, key, lookups };
}

/** A table's topic carries, beside its fields, the id and the time of each upsert. */
function tableTopic(node: TableNode): Topic {
  const declared = leavesOf(node.fields);
  const has = (path: string): boolean => declared.some((each) => each.path === path);
  const leaves = [
    ...(has("event_id") ? [] : [TABLE_ID]),
    ...(has("timestamp") ? [] : [TABLE_TIME]),
    ...declared,
  ];
  return {
    name: node.name,
    node,
    leaves,
    layout: layoutOf(leaves, []),
    id: "event_id",
    time: "timestamp",
    key: [node.key],
    lookups: [],
  };
}

/** A stream's topic carries its source's id, time and key, then what it selects. */
function streamTopic(plan: Plan, node: StreamNode, source: Topic): Topic {
  const carried = [...new Set([source.id, source.time, ...source.key])];
  const selected = node.select.map(({ name, value }): Leaf => {
    const { type, nullable } = typeOf(value);
    return leaf(name, leafTypeOf(type), nullable || node.join?.type === "left");
  });
  const names = new Set(selected.map((each) => each.path));
  const leaves = [
    ...source.leaves.filter((each) => carried.includes(each.path) && !names.has(each.path)),
    ...selected,
  ];
  const lookups = lookupsOf(plan, node.name);
  return {
    name: node.name,
    node,
    leaves,
    layout: layoutOf(leaves, lookups.map(lookupAsColumn)),
    id: source.id,
    time: source.time,
    key: source.key,
    lookups,
  };
}

const lookupAsColumn = ({ column }: Lookup): ComputedColumn => ({
  name: column,
  role: "lookup",
  valueType: { kind: "boolean" },
  nullable: true,
});

/** The distinct lookups that any node asks of a topic. */
function lookupsOf(plan: Plan, topic: string): readonly Lookup[] {
  const found = new Map<string, Lookup>();
  for (const expression of expressionsOf(plan, topic)) {
    walkExpression(expression, (each) => {
      if (each.kind !== "exists") return;
      found.set(lookupName(each), { column: lookupColumn(each), table: each.table, key: each.key });
    });
  }
  return [...found.values()];
}
