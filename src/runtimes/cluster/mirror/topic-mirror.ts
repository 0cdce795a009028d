import { rowInLayout } from "../../../language/compile/javascript/row-in-layout.ts";
import type { Topic } from "../../../language/plan/topic.ts";
import type { ReceivedSlices } from "../../../process/mirror/received-slices.ts";
import type { MovedRow } from "../../../process/mirror/moved-row.ts";
import type { KafkaClient, OutRecord } from "../../../storage/log/kafka/kafka-client.ts";
import type { RawRecords } from "../../../storage/log/kafka/raw-records.ts";
import type { ReaderPosition } from "../../../storage/log/log.ts";

/** Of rows in one sending: less than a broker takes in one batch. */
const SENDING_BYTES_MAX = 524_288;
const HEARTBEAT_EVERY_MS = 1_000;

export interface TopicMirrorOptions {
  readonly topic: Topic;
  readonly slices: ReceivedSlices;
  readonly records: RawRecords;
  readonly client: KafkaClient;
  readonly positions: readonly ReaderPosition[];
  /** How far it is already, ms. */
  readonly throughMs: number;
}

/**
 * Brings one topic's events to its raw topic, as a collector would, save that they keep the time at
 * which they were received. What was sent before a crash is sent again; the gate knows the ids.
 */
export class TopicMirror {
  readonly #options: TopicMirrorOptions;
  #positions: readonly ReaderPosition[];
  #throughMs: number;
  #beatMs = 0;

  constructor(options: TopicMirrorOptions) {
    this.#options = options;
    this.#positions = options.positions;
    this.#throughMs = options.throughMs;
  }

  /** Everything that was received until then is in the raw topic, ms. */
  get throughMs(): number {
    return this.#throughMs;
  }

  /** Where it goes on. */
  get positions(): readonly ReaderPosition[] {
    return this.#positions;
  }

  /** Brings the next slice. When it rejects, the same slice is brought again. */
  async step(): Promise<{ readonly events: number; readonly isLast: boolean }> {
    const { slices, client, records, topic } = this.#options;
    const slice = await slices.next();
    for (const rows of portions(slice.rows)) {
      await client.send(rows.map((row) => this.#record(row)));
    }
    // Windows close by it where nobody else writes yet.
    if (slice.throughMs - this.#beatMs >= HEARTBEAT_EVERY_MS) {
      await client.send(records.heartbeats(slice.throughMs, topic.name));
      this.#beatMs = slice.throughMs;
    }
    slices.take(slice);
    this.#positions = slice.positions;
    this.#throughMs = Math.max(this.#throughMs, slice.throughMs);
    return { events: slice.rows.length, isLast: slice.isLast };
  }

  #record({ layout, rows, start }: MovedRow): OutRecord {
    const { topic, records } = this.#options;
    if (layout.id === topic.layout.id) return records.of(topic.name, rows, start);
    return records.of(topic.name, rowInLayout(rows, start, layout, topic.layout), 0);
  }
}

/** Rows in their order, so many bytes at a time. */
function* portions(rows: readonly MovedRow[]): Generator<readonly MovedRow[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, { start, end }] of rows.entries()) {
    if (bytes > 0 && bytes + end - start > SENDING_BYTES_MAX) {
      yield rows.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += end - start;
  }
  if (from < rows.length) yield rows.slice(from);
}
