import { deepFreeze } from "../../core/freeze.ts";
import type { TableNode } from "../plan/nodes.ts";
import { fieldNodes, type FieldMap } from "./field.ts";
import { fieldValues, type FieldValues } from "./fields.ts";
import type { PostgresSourceDefinition } from "./postgres.ts";
import type { Source } from "./source.ts";

/** A defined table: a keyed, upserted dimension such as `dim_users`. */
export interface TableDefinition<Fields extends FieldMap> extends Source<FieldValues<Fields>> {
  readonly node: TableNode;
}

export interface TableOptions<Fields extends FieldMap> {
  /** The field that names a row. */
  readonly key: keyof Fields & string;
  /** Whose table its rows are; without it they come by the door. */
  readonly from?: PostgresSourceDefinition<keyof Fields & string>;
}

/** Defines a table. Its rows come by `identify` and by its topic, or from one database. */
export function table<const Fields extends FieldMap>(
  name: string,
  fields: Fields,
  { key, from }: TableOptions<NoInfer<Fields>>,
): TableDefinition<Fields> {
  const nodes = fieldNodes(fields);
  const node: TableNode = deepFreeze({
    kind: "table",
    name,
    fields: nodes,
    key,
    ...(from !== undefined && { from: from.node }),
  });
  return Object.freeze({ node, fields: fieldValues<Fields>(name, nodes) });
}
