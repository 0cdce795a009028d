import type { Topic } from "../../src/language/plan/topic.ts";
import type { Case, LogRecord } from "../case.ts";

/** Times in [fromMs, toMs). */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

export const DAY_MS = 86_400_000;

export function topicOf(of: Case, name: string): Topic {
  const topic = of.topics.find((each) => each.name === name);
  if (topic === undefined) throw new Error(`no topic ${name}`);
  return topic;
}

/** The times of a topic's events, and `reach` more on either side. */
export function rangeOf(topic: Topic, records: readonly LogRecord[], reach: number): Range {
  const times = records.flatMap(({ topic: name, row }) =>
    name === topic.name && row !== undefined ? [Number(row.values.get(topic.time))] : [],
  );
  if (times.length === 0) return { fromMs: 0, toMs: reach };
  return { fromMs: Math.max(0, Math.min(...times) - reach), toMs: Math.max(...times) + reach };
}

/** The whole days of all events of a case, and one more on either side. */
export function daysOf(of: Case, records: readonly LogRecord[]): Range {
  const ranges = of.topics.map((each) => rangeOf(each, records, DAY_MS));
  const fromMs = Math.min(...ranges.map((range) => range.fromMs));
  const toMs = Math.max(...ranges.map((range) => range.toMs));
  return {
    fromMs: Math.floor(fromMs / DAY_MS) * DAY_MS,
    toMs: Math.ceil(toMs / DAY_MS) * DAY_MS,
  };
}

/** The least, over partitions, of the greatest received time. */
export const progressOf = (of: Case, topic: Topic, records: readonly LogRecord[]): number =>
  Math.min(
    ...Array.from({ length: of.partitions }, (_, partition) =>
      Math.max(
        ...records
          .filter((each) => each.topic === topic.name && each.partition === partition)
          .map((each) => each.receivedAt),
      ),
    ),
  );
