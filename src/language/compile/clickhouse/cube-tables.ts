import { canonicalJson } from "../../../core/canonical-json.ts";
import { fingerprint } from "../../../core/fingerprint.ts";
import { componentsOf } from "../../plan/measure.ts";
import type { CubeNode } from "../../plan/nodes.ts";
import type { Topic } from "../../plan/topic.ts";
import { aggregateSql } from "./aggregate.ts";
import { expressionSql, sourceScope, storedSql } from "./expression.ts";
import { measureSql } from "./quotient.ts";
import { quoteName, timeSql, whereClause } from "./sql-text.ts";
import { DEDUPLICATION_WINDOW } from "./topic-table.ts";

/** Names of what a cube is made of. */
export interface CubeNames {
  /** Holds the states, a table for each meaning of the cube. */
  readonly target: string;
  /** The materialised view that fills it. */
  readonly feed: string;
  /** What readers see. */
  readonly view: string;
}

/** `<cube>__<meaning8>`, `<cube>__<meaning8>__feed`, `<cube>`. */
export function cubeNames(cube: CubeNode): CubeNames {
  const target = `${cube.name}__${fingerprint(canonicalJson(cube)).slice(0, 8)}`;
  return { target, feed: `${target}__feed`, view: cube.name };
}

/** The column of a cube's time: the start of its hour or day. */
export const cubeTime = (cube: CubeNode): string => cube.every;

const componentsIn = (cube: CubeNode) => cube.measures.flatMap(componentsOf);
const stateName = (at: number): string => quoteName(`_state${at}`);

/**
 * The states of a cube over rows of its topic, as its feed computes them for each insert and as a
 * rebuild computes them at once.
 */
export function cubeStates(
  cube: CubeNode,
  topic: Topic,
  options: { readonly relation: string; readonly fromMs?: number; readonly toMs?: number },
): string {
  const scope = sourceScope(cube.name);
  const time = `s.${quoteName(topic.time)}`;
  const start =
    cube.every === "day"
      ? `toDateTime(toDate(${time}, 'UTC'), 'UTC')`
      : `toStartOfHour(toDateTime(${time}, 'UTC'))`;
  const dimensions = cube.by.map((_, at) => `_d${at}`);
  const inner = [
    `${start} AS _time`,
    ...cube.by.map(({ value }, at) => `${storedSql(value, scope)} AS _d${at}`),
    ...componentsIn(cube).map((component, at) => {
      const { fn, argument } = aggregateSql(component, scope);
      return `${fn}State(${argument}) AS _a${at}`;
    }),
  ];
  const terms = [
    ...(options.fromMs === undefined ? [] : [`${time} >= ${timeSql(options.fromMs)}`]),
    ...(options.toMs === undefined ? [] : [`${time} < ${timeSql(options.toMs)}`]),
    ...(cube.where === undefined ? [] : [expressionSql(cube.where, scope)]),
  ];
  const columns = [
    `_time AS ${quoteName(cubeTime(cube))}`,
    ...cube.by.map(({ name }, at) => `_d${at} AS ${quoteName(name)}`),
    ...componentsIn(cube).map((_, at) => `_a${at} AS ${stateName(at)}`),
  ];
  const rows = `SELECT ${inner.join(", ")} FROM ${options.relation} AS s${whereClause(terms)} GROUP BY ${["_time", ...dimensions].join(", ")}`;
  return `SELECT ${columns.join(", ")} FROM (${rows})`;
}

/**
 * Statements that bring a cube about: target, feed and view; each may be repeated. A feed sees only
 * what is inserted after it: a cube that is added to a topic with events is rebuilt once. The target
 * has a deduplication window, or a repeated insert would leave the events right and the cube
 * doubled.
 */
export function cubeTables(cube: CubeNode, topic: Topic): readonly string[] {
  const names = cubeNames(cube);
  const time = quoteName(cubeTime(cube));
  const states = cubeStates(cube, topic, { relation: quoteName(topic.name) });
  return [
    [
      `CREATE TABLE IF NOT EXISTS ${quoteName(names.target)}`,
      "ENGINE = AggregatingMergeTree",
      `PARTITION BY toYYYYMM(${time})`,
      // The dimensions themselves: what is outside of the key, a merge keeps any value of.
      `ORDER BY (${[time, ...cube.by.map(({ name }) => quoteName(name))].join(", ")})`,
      `SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`,
      // Only the types of its columns: those of the states follow from the measures.
      `EMPTY AS ${states}`,
    ].join("\n"),
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${quoteName(names.feed)} TO ${quoteName(names.target)} AS\n${states}`,
    cubeView(cube),
  ];
}

/** What readers see: time, dimensions, measures, `incomplete`. */
function cubeView(cube: CubeNode): string {
  const scope = sourceScope(cube.name);
  const all = componentsIn(cube);
  const aggregates = all.map((component) => aggregateSql(component, scope));
  const group = [quoteName(cubeTime(cube)), ...cube.by.map(({ name }) => quoteName(name))];
  const merged = aggregates.map(({ fn }, at) => `${fn}Merge(${stateName(at)}) AS _a${at}`);
  const rows = `SELECT ${[...group, ...merged].join(", ")} FROM ${quoteName(cubeNames(cube).target)} GROUP BY ${group.join(", ")}`;
  const finished = `SELECT ${[...group, ...aggregates.map(({ finish }, at) => `${finish(`_a${at}`)} AS _v${at}`), `CAST(${marks(aggregates)} AS Bool) AS _incomplete`].join(", ")} FROM (${rows})`;
  let at = 0;
  const measures = cube.measures.map((measure) => {
    const own = componentsOf(measure);
    const first = at;
    at += own.length;
    const value = measureSql(own, (component) => `_v${first + own.indexOf(component)}`);
    return `${value} AS ${quoteName(measure.name)}`;
  });
  return `CREATE OR REPLACE VIEW ${quoteName(cube.name)} AS\nSELECT ${[...group, ...measures, "_incomplete AS `incomplete`"].join(", ")} FROM (${finished})`;
}

const marks = (aggregates: readonly ReturnType<typeof aggregateSql>[]): string =>
  aggregates.flatMap((each, at) => each.incomplete?.(`_a${at}`) ?? []).join(" OR ") || "false";

/** Where months of a cube are computed anew before they replace the old ones. */
export const cubeStageName = (cube: CubeNode): string => `${cubeNames(cube).target}__stage`;

/**
 * INSERT of what a range of a cube is, by the events, into its stage. No insert into the topic may
 * run until the stage's partitions have replaced the cube's: it would be lost.
 */
export function cubeStageInsert(
  cube: CubeNode,
  topic: Topic,
  range: { readonly fromMs: number; readonly toMs: number },
  stage = cubeStageName(cube),
): string {
  const states = cubeStates(cube, topic, { relation: quoteName(topic.name), ...range });
  return `INSERT INTO ${quoteName(stage)} ${states}`;
}
