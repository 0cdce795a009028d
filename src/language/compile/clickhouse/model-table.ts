import type { ModelNode } from "../../plan/nodes.ts";
import { typeOf } from "../../plan/expression.ts";
import { modelColumns } from "./model-select.ts";
import { quoteName } from "./sql-text.ts";

/**
 * Statements that bring a model's table about, and each column that an older one lacks. A partition
 * is a month: a day is replaced together with its month, in one step, from a stage table.
 */
export function modelTable(model: ModelNode): readonly string[] {
  const columns = modelColumns(model);
  const name = quoteName(model.name);
  const added = columns.slice(1).map((column, at) => {
    const place = `AFTER ${quoteName(columns[at]!.name)}`;
    return `ADD COLUMN IF NOT EXISTS ${quoteName(column.name)} ${column.type} ${place}`;
  });
  const create = `CREATE TABLE IF NOT EXISTS ${name} (\n  ${columns
    .map((column) => `${quoteName(column.name)} ${column.type}`)
    .join(",\n  ")}\n)\nENGINE = MergeTree\n${layout(model)}`;
  return added.length === 0 ? [create] : [create, `ALTER TABLE ${name} ${added.join(", ")}`];
}

const layout = (model: ModelNode): string => {
  // Sorting keys can't be null.
  const texts = model.by
    .filter(({ value }) => typeOf(value).type.kind === "string" && value.kind !== "day")
    .map(({ name }) => `ifNull(${quoteName(name)}, '')`);
  return `PARTITION BY toYYYYMM(\`_day\`)\nORDER BY (${["`_day`", ...texts.slice(0, 3)].join(", ")})`;
};

/** Where a model's rows wait until they replace a partition. */
export const modelStageName = (model: string): string => `${model}__stage`;
