import type { Plan } from "../../language/plan/nodes.ts";
import type { LiveState } from "../../serve/live/live-feed.ts";
import type { MetricSummary } from "../../serve/live/metric-summary.ts";
import type { Door } from "./door.ts";
import { exampleCommand } from "./example-command.ts";
import type { PipelineProcess } from "./pipeline-process.ts";

export interface LiveSources {
  readonly plan: Plan;
  readonly door: Door;
  readonly pipeline: PipelineProcess;
  readonly url: string;
  readonly writeKey: string;
}

/** Seconds over which the rate is taken. */
const RATE_SAMPLES = 4;
const samples = new WeakMap<Door, number[]>();

/** What the page shows at the moment. */
export async function liveState(sources: LiveSources): Promise<LiveState> {
  const { plan, door, pipeline, url, writeKey } = sources;
  const { events } = door.collector.stats();
  const total = (fate: string): number =>
    Object.entries(events).reduce((sum, [name, n]) => (name.endsWith(fate) ? sum + n : sum), 0);
  const accepted = total("accepted");
  return {
    project: plan.name,
    curl: exampleCommand(plan, url, writeKey),
    rate: rateOf(door, accepted),
    totals: {
      accepted,
      duplicate: total("duplicate"),
      quarantined: total("quarantined"),
      refused: total("refused"),
    },
    metrics: await summaries(pipeline),
    events: door.ring.take(),
  };
}

/** While the pipeline restarts there is nothing to sum up. */
async function summaries(pipeline: PipelineProcess): Promise<readonly MetricSummary[]> {
  try {
    return await pipeline.calls.summaries(undefined);
  } catch {
    return [];
  }
}

function rateOf(door: Door, accepted: number): number {
  const seen = samples.get(door) ?? [];
  samples.set(door, seen);
  seen.push(accepted);
  if (seen.length > RATE_SAMPLES + 1) seen.shift();
  return seen.length < 2 ? 0 : (accepted - seen[0]!) / (seen.length - 1);
}
