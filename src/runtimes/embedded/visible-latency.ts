import type { Clock } from "../../core/clock.ts";
import type { Figure, Sample } from "../../serve/observe/figures.ts";
import type { Batch, LogReader } from "../../storage/log/log.ts";

/** Upper ends of the histogram's buckets, seconds. */
const BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

interface Histogram {
  /** One more than bounds: the last takes everything. */
  readonly counts: number[];
  seconds: number;
}

/**
 * How long events take from the log's acceptance until the stream shows them in open windows: a
 * reader that notes what a step reads; `shown` is called once the step has taken it.
 */
export class VisibleLatency {
  readonly #clock: Clock;
  readonly #byTopic = new Map<string, Histogram>();
  #read: Batch[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same reader, noted. */
  watch(log: LogReader): LogReader {
    return {
      read: (request) => {
        const batches = log.read(request);
        this.#read.push(...batches);
        return batches;
      },
      ends: () => log.ends(),
      changed: () => log.changed(),
      topics: () => log.topics(),
      progress: (topic) => log.progress(topic),
      positions: (reader) => log.positions(reader),
      ledger: (query) => log.ledger(query),
      quarantined: (query) => log.quarantined(query),
      locate: (hash, receivedAt) => log.locate(hash, receivedAt),
      close: () => log.close(),
    };
  }

  /** What was read since the last call can be asked for now. */
  shown(): void {
    const nowMs = this.#clock.nowMs();
    for (const { topic, kind, count, firstReceivedAt } of this.#read) {
      if (kind === "heartbeat") continue;
      const seconds = Math.max(0, nowMs - firstReceivedAt) / 1_000;
      const histogram = this.#of(topic);
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      histogram.counts[bucket < 0 ? BOUNDS.length : bucket]! += count;
      histogram.seconds += seconds * count;
    }
    this.#read = [];
  }

  figure(): Figure {
    return {
      name: "millrace_visible_seconds",
      help: "Seconds from an event's acceptance until open windows count it",
      type: "histogram",
      samples: [...this.#byTopic].flatMap(([topic, each]) => samplesOf(topic, each)),
    };
  }

  #of(topic: string): Histogram {
    let histogram = this.#byTopic.get(topic);
    if (histogram === undefined) {
      histogram = { counts: new Array<number>(BOUNDS.length + 1).fill(0), seconds: 0 };
      this.#byTopic.set(topic, histogram);
    }
    return histogram;
  }
}

function samplesOf(topic: string, { counts, seconds }: Histogram): readonly Sample[] {
  let total = 0;
  const buckets = counts.map((count, index): Sample => {
    total += count;
    const le = BOUNDS[index] === undefined ? "+Inf" : String(BOUNDS[index]);
    return { suffix: "_bucket", labels: { topic, le }, value: total };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { topic }, value: seconds },
    { suffix: "_count", labels: { topic }, value: total },
  ];
}
