import { deepFreeze } from "../../core/freeze.ts";
import type { TableNode } from "../plan/nodes.ts";
import { fieldNodes, type FieldMap } from "./field.ts";
import { fieldValues, type FieldValues } from "./fields.ts";
import type { Source } from "./source.ts";

/** A defined table: a keyed, upserted dimension such as `dim_users`. */
export interface TableDefinition<Fields extends FieldMap> extends Source<FieldValues<Fields>> {
  readonly node: TableNode;
}

/** Defines a table. Its rows come by `identify`, by its topic, or by change data capture. */
export function table<const Fields extends FieldMap>(
  name: string,
  fields: Fields,
  options: { readonly key: keyof Fields & string },
): TableDefinition<Fields> {
  const nodes = fieldNodes(fields);
  const node: TableNode = deepFreeze({ kind: "table", name, fields: nodes, key: options.key });
  return Object.freeze({ node, fields: fieldValues<Fields>(name, nodes) });
}
