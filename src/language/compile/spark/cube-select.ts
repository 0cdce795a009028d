import { componentsOf } from "../../plan/measure.ts";
import type { CubeNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { aggregateSql } from "../sql/aggregate.ts";
import { expressionSql, sourceScope, storedSql } from "../sql/expression.ts";
import { finishedColumns, incompleteSql, resultColumns } from "../sql/results.ts";
import { quoteName, whereClause } from "../sql/sql-text.ts";
import { SPARK } from "./dialect.ts";
import { measureSql } from "./quotient.ts";

const UNITS = { hour: 3_600_000, day: 86_400_000 } as const;

/**
 * A SELECT of the rows of a cube: the start of the `hour` or `day`, dimensions, measures,
 * `incomplete`, as the warehouse's view has them. Ranges hold whole hours or days.
 */
export function cubeSelect(
  cube: CubeNode,
  topic: Topic,
  {
    relation,
    range,
  }: {
    readonly relation: string;
    readonly range?: { readonly fromMs: number; readonly toMs: number };
  },
): string {
  const scope = sourceScope(SPARK, cube.name);
  const time = `s.${quoteName(topic.time)}`;
  const components = cube.measures.map(componentsOf);
  const all = components.flat();
  const aggregates = all.map((component) => aggregateSql(component, scope));
  const ms = SPARK.millis(time);
  const source = [
    `${ms} - PMOD(${ms}, ${UNITS[cube.every]}) AS _time`,
    ...cube.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
    ...aggregates.map(({ argument }, at) => `${argument} AS _v${at}`),
  ];
  const terms = [
    ...(range === undefined
      ? []
      : [`${time} >= ${SPARK.time(range.fromMs)}`, `${time} < ${SPARK.time(range.toMs)}`]),
    ...(cube.where === undefined ? [] : [expressionSql(cube.where, scope)]),
  ];
  const rows = `SELECT ${source.join(", ")} FROM ${relation} AS s${whereClause(terms)}`;
  const group = ["_time", ...cube.by.map((_, at) => `_d${at}`)];
  const grouped = `SELECT ${[...group, ...resultColumns(aggregates)].join(", ")} FROM (${rows}) GROUP BY ${group.join(", ")}`;
  const finished = [...group, ...finishedColumns(aggregates)];
  const columns = [
    `TIMESTAMP_MILLIS(_time) AS ${quoteName(cube.every)}`,
    ...cube.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...cube.measures.map(({ name }, at) => {
      const value = measureSql(components[at]!, (component) => `_c${all.indexOf(component)}`);
      return `${value} AS ${quoteName(name)}`;
    }),
    `${incompleteSql(aggregates)} AS \`incomplete\``,
  ];
  return `SELECT ${columns.join(", ")} FROM (SELECT ${finished.join(", ")} FROM (${grouped}))`;
}
