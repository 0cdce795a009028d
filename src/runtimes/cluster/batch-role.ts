import { join } from "node:path";
import { asMillraceError, MillraceError } from "../../core/errors.ts";
import { SLACK_MS } from "../../language/plan/window.ts";
import { BatchCycle } from "../../process/batch/batch-cycle.ts";
import { LakeTouched } from "../../process/batch/lake-touched.ts";
import { createRunTables } from "../../process/batch/run-records.ts";
import { applyTables } from "../../process/tables/apply-tables.ts";
import { openS3LakeReader } from "../../storage/lake/s3/s3-lake-reader.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import { gauge } from "../shared/collector-figures.ts";
import { openBatchEngine } from "./batch-engines.ts";
import { BatchRequests, type BatchRequest } from "./batch-requests.ts";
import { bucketOf, warehouseOf } from "./cluster-config.ts";
import { LakeProgress } from "./lake-progress.ts";
import { topicsThatBatchReads } from "./topics-of-batch.ts";
import type { Role, RoleOptions } from "./role.ts";
import { serveHealth } from "./serve-health.ts";
import { SharedWork, type MemberWork } from "./shared-work.ts";

/** How often requests are looked for. */
const LOOK_EVERY_MS = 1_000;

/**
 * Batch: models of days that are over and their audit, amendment of what came late, history of
 * metrics that changed, by Spark over the lake, or by ClickHouse where the cluster has no Spark.
 * One replica works, the others wait until its partition of the requests' topic is theirs.
 */
export async function startBatch(options: RoleOptions): Promise<Role> {
  const { plan, parts, settings, clock, onProblem } = options;
  const { config, client } = parts;
  const names = topicNames(config.prefix);
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  const requests = new BatchRequests(client, names.batch);
  await requests.open();
  const warehouse = clickHouseWarehouse(warehouseOf(config));
  const { toBackfill } = await applyTables(plan, warehouse);
  await createRunTables(warehouse);
  const lake = openS3LakeReader(bucketOf(config), clock);
  const dir = join(settings.dataDir, "batch");
  const engine = await openBatchEngine({ config, lake, warehouse, dir, clock });
  const topics = parts.topics.map(({ topic }) => topic);
  const group = client.group(`${names.ledger}.batch`, [names.batch]);
  let runs = 0;
  let isWorking = false;

  const begin = async (membership: Membership): Promise<MemberWork> => {
    isWorking = membership.partitions.length > 0;
    if (!isWorking) return { step: async () => ({ idle: true }), intervalMs: LOOK_EVERY_MS };
    const place = { topic: names.batch, partition: 0 };
    let [offset = 0] = (await group.positions(membership)).map((each) => each.offset);
    /** Commits where the requests stand; whose time is over is refused. */
    const beforeWriting = async (): Promise<void> => {
      if (await group.commit(membership, [{ ...place, offset, note: "" }])) return;
      throw new MillraceError("NOT_READY", "another replica does the batch work now", {
        hint: "nothing is to be done: it begins with what isn't done",
      });
    };
    const progress = new LakeProgress({
      client,
      rows: parts.rows,
      lake,
      topics: topicsThatBatchReads(plan),
      nameOf: names.clean,
    });
    const touched = new LakeTouched({
      warehouse,
      lake,
      engine,
      topics,
      metrics: plan.metrics,
      // A metric whose meaning changed is counted from a time that nobody tells us.
      sinceMs: (metric) => (toBackfill.includes(metric) ? Infinity : -Infinity),
      beforeWriting,
    });
    await touched.open();
    const cycle = new BatchCycle({
      context: {
        plan,
        topics,
        warehouse,
        engine,
        lake,
        amendFrom: "lake",
        clock,
        slackMs: SLACK_MS,
        progress: (topic) => progress.of(topic),
        beforeWriting,
      },
      stream: touched,
      coverage: () => Infinity, // what touched an hour was found in the lake
      coveredMs: () => progress.least,
      toBackfill,
    });
    const answer = async (request: BatchRequest): Promise<void> => {
      const { id, work, fromDay = "", toDay = "", name } = request;
      try {
        const report = await {
          amend: () => cycle.amend(),
          backfill: () => cycle.backfill({ fromDay, toDay, ...(name !== undefined && { name }) }),
          audit: () => cycle.audit(fromDay, toDay),
        }[work]();
        await requests.answer({ id, report });
      } catch (thrown) {
        const error = asMillraceError(thrown);
        // Whoever works next does it again.
        if (error.status === 503) throw error;
        await requests.answer({ id, error });
      }
    };
    let dueMs = -Infinity;
    return {
      intervalMs: LOOK_EVERY_MS,
      step: async () => {
        const found = await requests.next(offset);
        if ("request" in found) {
          await progress.refresh();
          await answer(found.request);
          offset = found.nextOffset;
          await beforeWriting();
          return { idle: false };
        }
        offset = found.nextOffset;
        if (clock.nowMs() < dueMs) return { idle: true };
        await progress.refresh();
        await cycle.run();
        runs++;
        dueMs = clock.nowMs() + settings.amendEveryMs;
        return { idle: true };
      },
    };
  };
  const work = new SharedWork({ begin, clock, onError: tell });
  await group.join((membership) => work.take(membership));
  const health = await serveHealth(settings, onProblem, {
    parts: async () => [
      { part: "kafka", ready: await client.isReady() },
      { part: "warehouse", ready: await warehouse.ping() },
    ],
    figures: async () => [
      gauge("millrace_batch_runs_total", "Runs of the batch work", runs, "counter"),
      gauge("millrace_batch_working", "Whether this replica does the work", isWorking ? 1 : 0),
    ],
  });
  return {
    url: health.url,
    close: async () => {
      await health.close();
      // A run may take long: what it computes is given up, whoever comes next begins it again.
      await engine.close();
      await work.close();
      await group.close();
      lake.close();
      await warehouse.close();
    },
  };
}
