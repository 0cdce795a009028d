import type { Clock } from "../../core/clock.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { BatchEngine, EventStore } from "./batch-engine.ts";

/** What the batch engine works with. */
export interface BatchContext {
  readonly plan: Plan;
  readonly topics: readonly Topic[];
  readonly warehouse: Warehouse;
  /** Computes from the events. */
  readonly engine: BatchEngine;
  /** Absent: everything is read from the topics' tables. */
  readonly lake?: LakeReader;
  /** What amendments read: `table` is ahead of the lake where the lake isn't what tells of hours. */
  readonly amendFrom: EventStore;
  readonly clock: Clock;
  /** How far `received_at` may run backwards within a partition, ms. */
  readonly slackMs: number;
  /**
   * The least, over a topic's partitions, of the greatest `received_at` that the stream has read,
   * ms; -Infinity while a partition has had none. Windows are closed by it.
   */
  readonly progress: (topic: string) => number;
  /**
   * Keeps the loader away from a topic while `work` runs, after the insert under way: what it
   * inserted while a cube's partition is computed anew would be lost. Absent: loaders can't be kept
   * away, and cubes aren't computed anew.
   */
  readonly pauseLoading?: <Result>(topic: string, work: () => Promise<Result>) => Promise<Result>;
  /** Throws where this work is somebody else's by now: called before readers get to see it. */
  readonly beforeWriting: () => Promise<void>;
}

/** The time up to which windows of this grace are closed, ms. */
export const closedThrough = (context: BatchContext, topic: string, graceMs: number): number =>
  context.progress(topic) - graceMs - context.slackMs;
