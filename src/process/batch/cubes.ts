import {
  cubeNames,
  cubeStageInsert,
  cubeStageName,
} from "../../language/compile/clickhouse/cube-tables.ts";
import { topicNamed } from "../../language/compile/clickhouse/plan-tables.ts";
import { millisOf, quoteName } from "../../language/compile/clickhouse/sql-text.ts";
import type { CubeNode } from "../../language/plan/nodes.ts";
import type { BatchContext } from "./batch-context.ts";
import { monthOf, type Month } from "./month.ts";
import { replacePartitions } from "./stage.ts";

/**
 * Computes months of cubes of one topic anew from its events and puts them in place of the old ones.
 * The loader is kept away meanwhile: what it inserted would be lost.
 */
export async function rebuildCubes(
  context: BatchContext,
  topicName: string,
  cubes: readonly CubeNode[],
  months: readonly Month[],
): Promise<void> {
  const { pauseLoading } = context;
  if (months.length === 0 || cubes.length === 0 || pauseLoading === undefined) return;
  const topic = topicNamed(context.topics, topicName);
  const partitions = months.map((month) => month.partition);
  await pauseLoading(topicName, async () => {
    for (const cube of cubes) {
      const names = { table: cubeNames(cube).target, stage: cubeStageName(cube) };
      await replacePartitions(context, names, partitions, async (stage) => {
        for (const month of months) {
          await context.warehouse.command(cubeStageInsert(cube, topic, month, stage));
        }
      });
    }
  });
}

/**
 * Fills cubes that a definition has gained or changed: their feeds saw no event that was there
 * before. Gives their names. Months that a cube has are left alone, so it may be repeated.
 */
export async function fillNewCubes(context: BatchContext): Promise<string[]> {
  const filled: string[] = [];
  if (context.pauseLoading === undefined) return filled;
  for (const cube of context.plan.cubes) {
    const topic = topicNamed(context.topics, cube.from);
    const target = quoteName(cubeNames(cube).target);
    const [held] = await context.warehouse.query<{ rows: string }>(
      `SELECT count() AS rows FROM (SELECT 1 FROM ${target} LIMIT 1)`,
    );
    if (held?.rows !== "0") continue;
    const time = millisOf(`min(${quoteName(topic.time)})`);
    const found = await context.warehouse.query<{ first: string }>(
      `SELECT ${time} AS first FROM ${quoteName(topic.name)} GROUP BY toYYYYMM(${quoteName(topic.time)})`,
    );
    if (found.length === 0) continue;
    const months = found.map((each) => monthOf(Number(each.first)));
    await rebuildCubes(context, cube.from, [cube], months);
    filled.push(cube.name);
  }
  return filled;
}
