import type { AggregateSql } from "./aggregate.ts";

/** The results of the aggregates under names: `_a0_0`, `_a0_1`, `_a1_0`, … */
export const resultNames = ({ calls }: AggregateSql, at: number): readonly string[] =>
  calls("").map((_, part) => `_a${at}_${part}`);

/** The aggregates over the columns `_v0 …`, under the names of their results. */
export const resultColumns = (aggregates: readonly AggregateSql[]): readonly string[] =>
  aggregates.flatMap((each, at) =>
    each.calls(`_v${at}`).map((call, part) => `${call} AS ${resultNames(each, at)[part]!}`),
  );

/** The components' values `_c0 …`, and the results that tell whether they are exact. */
export const finishedColumns = (aggregates: readonly AggregateSql[]): readonly string[] =>
  aggregates.flatMap((each, at) => {
    const results = resultNames(each, at);
    const marks = each.incomplete === undefined ? [] : results;
    return [`${each.finish(results)} AS _c${at}`, ...marks];
  });

/** Whether any of the values isn't exact, over `finishedColumns`. */
export const incompleteSql = (aggregates: readonly AggregateSql[]): string =>
  aggregates
    .flatMap((each, at) => each.incomplete?.(resultNames(each, at), `_c${at}`) ?? [])
    .join(" OR ") || "FALSE";
