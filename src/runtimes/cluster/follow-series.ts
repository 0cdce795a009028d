import { asMillraceError, MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { decodeMetricRow } from "../../language/compile/avro/metric-avro.ts";
import { metricSamples } from "../../serve/remote-write/metric-samples.ts";
import { FRAME_BYTES } from "../../storage/log/kafka/framed-record.ts";
import type { InBatch } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { openRemoteWrite } from "../../storage/series/remote-write/remote-write-store.ts";
import type { Sample } from "../../storage/series/series.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { followGroup } from "./follow-group.ts";
import type { RoleOptions } from "./role.ts";

export interface FollowedSeries {
  /** Samples that were written, and those that the database refused for good. */
  counts(): { readonly written: number; readonly refused: number };
  close(): Promise<void>;
}

export interface FollowSeriesOptions extends Pick<RoleOptions, "plan" | "clock" | "onProblem"> {
  readonly parts: Pick<ClusterParts, "client"> & {
    readonly config: Pick<ClusterConfig, "prefix" | "victoriaMetrics">;
  };
}

/**
 * Brings closed rows of metrics from their topics to a time-series database. It has a group of its
 * own: while that database is away, the warehouse's rows go on. Where the file names none, it does
 * nothing.
 */
export async function followSeries(options: FollowSeriesOptions): Promise<FollowedSeries> {
  const { plan, parts, clock, onProblem } = options;
  const { victoriaMetrics, prefix } = parts.config;
  const counts = { written: 0, refused: 0 };
  if (victoriaMetrics === undefined || plan.metrics.length === 0) {
    return { counts: () => counts, close: async () => undefined };
  }
  const names = topicNames(prefix);
  const metrics = new Map(plan.metrics.map((metric) => [names.rows(metric.name), metric]));
  const store = openRemoteWrite(victoriaMetrics);
  const tell = (thrown: unknown): void => onProblem(asMillraceError(thrown).message);
  const samplesOf = ({ topic, records }: InBatch): Sample[] => {
    const metric = metrics.get(topic)!;
    const rows = records.flatMap(({ value }) =>
      value === null ? [] : [decodeMetricRow(metric, value, FRAME_BYTES)],
    );
    return metricSamples(metric, rows, prefix);
  };
  const write = async (samples: readonly Sample[]): Promise<void> => {
    try {
      await store.write(samples);
      counts.written += samples.length;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      counts.refused += samples.length;
      tell(thrown);
    }
  };
  const following = await followGroup({
    client: parts.client,
    group: `${names.ledger}.series`,
    topics: [...metrics.keys()],
    take: async (batches) => {
      const samples = batches.flatMap(samplesOf);
      for (let at = 0; at < samples.length; at += LIMITS.remoteWriteSamplesMax) {
        await write(samples.slice(at, at + LIMITS.remoteWriteSamplesMax));
      }
    },
    clock,
    onError: tell,
  });
  return {
    counts: () => counts,
    close: async () => {
      await following.close();
      store.close();
    },
  };
}

const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof MillraceError && thrown.code === "SERIES_REFUSED";
