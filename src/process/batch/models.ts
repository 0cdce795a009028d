import { MillraceError } from "../../core/errors.ts";
import { dayOf, parseDay, UNIT_MS } from "../../core/time.ts";
import { topicNamed } from "../../language/compile/clickhouse/plan-tables.ts";
import { modelColumns } from "../../language/compile/clickhouse/model-select.ts";
import { modelStageName } from "../../language/compile/clickhouse/model-table.ts";
import { quoteName, quoteText } from "../../language/compile/clickhouse/sql-text.ts";
import type { ModelNode, RuleNode } from "../../language/plan/nodes.ts";
import type { BatchContext } from "./batch-context.ts";
import type { EventStore } from "./batch-engine.ts";
import { cutRanges, monthOf, rangesOf } from "./month.ts";
import { modelsOf } from "./models-of.ts";
import { replacePartitions } from "./stage.ts";
import { recordRun } from "./run-records.ts";

/** Which days are computed. */
export interface ModelRunOptions {
  /** UTC days, `YYYY-MM-DD`. */
  readonly days: readonly string[];
  /** Only the models that read this topic, directly or through others. Default: all. */
  readonly topic?: string;
  /** Only these models and what they read. Default: all. */
  readonly models?: readonly string[];
  /** Default: the lake. */
  readonly store?: EventStore;
}

/** What a run of one model over days of one year did. */
export interface ModelReport {
  readonly model: string;
  readonly days: readonly string[];
  readonly rows: number;
  /** Rows of the source that an inner join left out: the table didn't know their key. */
  readonly unmatched: number;
  readonly durationMs: number;
  /** Days that were not published, and why: a rule of severity `fail` is broken. */
  readonly failed: readonly { readonly day: string; readonly error: MillraceError }[];
}

/**
 * Computes models for days, in dependency order, a year's days at a time. A day for which a rule of
 * severity `fail` is broken keeps what it had. Each month's rows are replaced in one step: a reader
 * sees the old ones or the new ones; to repeat a run changes nothing.
 */
export async function runModels(
  context: BatchContext,
  { days, topic, models, store = "lake" }: ModelRunOptions,
): Promise<ModelReport[]> {
  const wanted = modelsOf(context.plan, {
    ...(topic && { topic }),
    ...(models && { models }),
  });
  const byYear = Map.groupBy([...new Set(days)].toSorted(), (day) => day.slice(0, 4));
  const reports: ModelReport[] = [];
  for (const inYear of byYear.values()) {
    const starts = inYear.map((day) => parseDay(day)).filter((ms) => ms !== undefined);
    if (starts.length === 0 || wanted.length === 0) continue;
    const broken = new Map<string, { day: string; error: MillraceError }[]>();
    for (const { model, source } of wanted) {
      const failed = broken.get(source) ?? (await brokenDays(context, source, starts, store));
      broken.set(source, failed);
      const stopped = new Set(failed.map((each) => each.day));
      const good = starts.filter((start) => !stopped.has(dayOf(start)));
      reports.push(await runYear(context, model, source, good, store, failed));
    }
  }
  return reports;
}

/** Days that one INSERT computes at most: it holds their groups in memory. */
const INSERT_MS_MAX = 31 * UNIT_MS.d;

/** Throws the first error of the days that weren't published. */
export function assertPublished(reports: readonly ModelReport[]): void {
  const [first] = reports.flatMap((report) => report.failed);
  if (first !== undefined) throw first.error;
}

/** Days on which a topic's events break a rule of severity `fail`. */
async function brokenDays(
  context: BatchContext,
  source: string,
  starts: readonly number[],
  store: EventStore,
): Promise<{ day: string; error: MillraceError }[]> {
  const rules = context.plan.rules.filter((rule) => rule.on === source && rule.severity === "fail");
  const topic = topicNamed(context.topics, source);
  const count = (rule: RuleNode, fromMs: number, toMs: number): Promise<number> =>
    context.engine.countBroken({ rule, topic, store, range: { fromMs, toMs } });
  const found: { day: string; error: MillraceError }[] = [];
  for (const rule of rules) {
    // Nearly always none is broken: one question for the whole span, then day by day.
    if ((await count(rule, starts[0]!, starts.at(-1)! + UNIT_MS.d)) === 0) continue;
    for (const start of starts) {
      const broken = await count(rule, start, start + UNIT_MS.d);
      if (broken === 0) continue;
      const day = dayOf(start);
      const message = `${broken} events of ${source} on ${day} break the rule ${rule.name}; the day's models were not published`;
      const hint =
        "look at the events with `millrace query`, correct or release them, and run the day again";
      found.push({
        day,
        error: new MillraceError("RULE_BROKEN", message, { field: rule.name, hint }),
      });
    }
  }
  return found;
}

async function runYear(
  context: BatchContext,
  model: ModelNode,
  source: string,
  starts: readonly number[],
  store: EventStore,
  failed: ModelReport["failed"],
): Promise<ModelReport> {
  const { warehouse, clock } = context;
  const [startMs, startedMs] = [clock.monotonicMs(), clock.nowMs()];
  const days = starts.map(dayOf);
  let [rows, unmatched] = [0, 0];
  if (starts.length > 0) {
    const partitions = [...new Set(starts.map((start) => monthOf(start).partition))];
    const names = { table: model.name, stage: modelStageName(model.name) };
    await replacePartitions(context, names, partitions, async (stage) => {
      unmatched = await fillStage(context, model, source, starts, store, stage);
      rows = await countRows(context, stage);
      await keepOtherDays(context, model, partitions, days, stage);
    });
  }
  const durationMs = clock.monotonicMs() - startMs;
  const recorded = [...days, ...failed.map((each) => each.day)].toSorted();
  await recordRun(warehouse, {
    run_id: `model/${model.name}/${recorded[0]}/${recorded.at(-1)}/${startedMs}`,
    kind: "model",
    name: model.name,
    from_day: recorded[0]!,
    to_day: recorded.at(-1)!,
    days,
    generation: 0,
    rows,
    unmatched,
    status: failed.length === 0 ? "done" : "failed",
    message: failed.map((each) => each.error.message).join("\n"),
    started_ms: startedMs,
    duration_ms: Math.round(durationMs),
  });
  return { model: model.name, days, rows, unmatched, durationMs, failed };
}

/** Computes the days into the stage table; gives the count of rows that a join left out. */
async function fillStage(
  context: BatchContext,
  model: ModelNode,
  source: string,
  starts: readonly number[],
  store: EventStore,
  stage: string,
): Promise<number> {
  const { engine, topics } = context;
  const joined = model.join && topicNamed(topics, model.join.table);
  let unmatched = 0;
  for (const range of cutRanges(rangesOf(starts, UNIT_MS.d), INSERT_MS_MAX)) {
    unmatched += await engine.fillModel({
      model,
      range,
      store,
      into: stage,
      ...(model.from === source && { topic: topicNamed(topics, source) }),
      ...(joined && { joined }),
    });
  }
  return unmatched;
}

async function countRows({ warehouse }: BatchContext, stage: string): Promise<number> {
  const sql = `SELECT count() AS rows FROM ${quoteName(stage)}`;
  const [count] = await warehouse.query<{ rows: string }>(sql);
  return Number(count?.rows ?? 0);
}

/** Adds the other days of these months to the stage. */
async function keepOtherDays(
  { warehouse }: BatchContext,
  model: ModelNode,
  partitions: readonly string[],
  days: readonly string[],
  stage: string,
): Promise<void> {
  const columns = modelColumns(model)
    .map(({ name }) => quoteName(name))
    .join(", ");
  const list = days.map((day) => `toDate(${quoteText(day)})`).join(", ");
  await warehouse.command(
    `INSERT INTO ${quoteName(stage)} (${columns}) SELECT ${columns} FROM ${quoteName(model.name)} WHERE toYYYYMM(\`_day\`) IN (${partitions.join(", ")}) AND \`_day\` NOT IN (${list})`,
  );
}
