import { deepFreeze } from "../../core/freeze.ts";
import type { Join, StreamNode } from "../plan/nodes.ts";
import { typeOf } from "../plan/expression.ts";
import type { Condition, TextValue } from "./expression.ts";
import { columnValue } from "./fields.ts";
import { dimensionsOf, type Source, type ValueMap } from "./source.ts";

/** A defined stream: a topic made from another. */
export interface StreamDefinition<Selected extends ValueMap> extends Source<Selected> {
  readonly node: StreamNode;
}

/** A join with a table, by its key. */
export interface JoinOptions {
  readonly table: Source & { readonly node: { readonly kind: "table" } };
  readonly on: TextValue;
  /** `inner` (default) drops what has no row; `left` keeps it with nulls. */
  readonly type?: "inner" | "left";
}

export interface StreamOptions<Selected extends ValueMap> {
  readonly from: Source;
  readonly where?: Condition;
  readonly join?: JoinOptions;
  readonly select: Selected;
}

/** Defines a stream: filter, join and select at the door; ids, times and keys are carried over. */
export function stream<const Selected extends ValueMap>(
  name: string,
  options: StreamOptions<Selected>,
): StreamDefinition<Selected> {
  const select = dimensionsOf(options.select);
  const node: StreamNode = deepFreeze({
    kind: "stream",
    name,
    from: options.from.node.name,
    ...(options.where && { where: options.where.node }),
    ...(options.join && { join: joinNode(options.join) }),
    select,
  });
  const fields = select.map((each) => {
    const { type, nullable } = typeOf(each.value);
    return [each.name, columnValue(name, each.name, type, nullable)];
  });
  return Object.freeze({ node, fields: Object.freeze(Object.fromEntries(fields)) as Selected });
}

/** The plan's node of a join. */
export const joinNode = (join: JoinOptions): Join => ({
  table: join.table.node.name,
  on: join.on.node,
  type: join.type ?? "inner",
});
