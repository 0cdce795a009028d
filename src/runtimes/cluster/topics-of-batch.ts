import type { Plan } from "../../language/plan/nodes.ts";

/** The topics that metrics, models and their joins read. */
export function topicsThatBatchReads({ metrics, models }: Plan): readonly string[] {
  const own = new Set(models.map(({ name }) => name));
  const read = [
    ...metrics.map(({ from }) => from),
    ...models.flatMap(({ from, join }) => [from, ...(join === undefined ? [] : [join.table])]),
  ];
  return [...new Set(read)].filter((name) => !own.has(name));
}
