import type { Clock } from "../../core/clock.ts";
import { createCollector, type Collector } from "../../ingest/collector.ts";
import { writeKeyRecord } from "../../ingest/keys/write-keys.ts";
import { rowToValues } from "../../language/compile/javascript/row-to-object.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { Topic } from "../../language/plan/topic.ts";
import type { ErrorBody } from "../../core/errors.ts";
import type { GivenDocument } from "./given.ts";
import { resultRow, type ResultRow } from "./result-row.ts";
import { TestLog, type TestBatch } from "./test-log.ts";
import { TestTables } from "./test-tables.ts";

const WRITE_KEY = "test";
/** Keys the identity hash. */
const SECRET = new Uint8Array(8);

/** One event's result, as the native protocol answers it. */
interface NativeResult {
  readonly event_id: string | null;
  readonly status: string;
  readonly reason?: string;
  readonly field?: string;
  readonly rule?: string;
  readonly message?: string;
}

/** The real door in front of a log in memory. */
export class TestDoor {
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #log: TestLog;
  readonly #tables: TestTables;
  readonly #collector: Collector;

  constructor(plan: Plan, topics: readonly Topic[], clock: Clock) {
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    this.#log = new TestLog(topics, clock);
    this.#tables = new TestTables(plan.tables.map((table) => table.name));
    const key = writeKeyRecord(WRITE_KEY, WRITE_KEY);
    this.#collector = createCollector({
      plan,
      topics: topics.map((topic, index) => ({ topic, layoutId: index + 1 })),
      keys: { records: () => [key] },
      writer: this.#log,
      secret: SECRET,
      lookups: this.#tables,
      clock,
    });
  }

  /** Posts a document; gives what came into the log, and what became of each of its events. */
  async post(document: GivenDocument): Promise<{ batches: TestBatch[]; outcomes: ResultRow[] }> {
    const query = new URLSearchParams(
      document.topic === undefined ? [] : [["topic", document.topic]],
    );
    const { status, body } = await this.#collector.handle({
      method: "POST",
      path: document.path,
      query,
      headers: { authorization: `Bearer ${WRITE_KEY}` },
      body: Buffer.from(document.text),
      remoteAddress: "127.0.0.1",
    });
    const batches = this.#log.takeBatches();
    for (const batch of batches) this.#upsert(batch);
    return { batches, outcomes: this.#outcomes(document, status, String(body)) };
  }

  /** How many events broke each rule of severity `warn`, and the others. */
  brokenRules(): Readonly<Record<string, number>> {
    return this.#collector.stats().rules;
  }

  #outcomes({ line }: GivenDocument, status: number, body: string): ResultRow[] {
    const answer: unknown = JSON.parse(body);
    const { results } = answer as { readonly results?: readonly NativeResult[] };
    const quarantine = this.#log.takeQuarantine();
    if (results !== undefined) return results.map((each) => outcome(line, each));
    if (status !== 200) {
      const { code, field, message } = (answer as ErrorBody).error;
      const refused = { event_id: null, status: "refused", reason: code, message };
      return [outcome(line, { ...refused, ...(field === undefined ? {} : { field }) })];
    }
    return quarantine.map(({ eventId, reason, field, rule }) =>
      outcome(line, {
        event_id: eventId ?? null,
        status: "quarantined",
        reason,
        ...(field === undefined ? {} : { field }),
        ...(rule === undefined ? {} : { rule }),
      }),
    );
  }

  #upsert(batch: TestBatch): void {
    const topic = this.#topics.get(batch.topic)!;
    const { node, layout, time } = topic;
    if (node.kind !== "table") return;
    for (const start of batch.rowStarts) {
      const { values } = rowToValues(layout, batch.rows, start);
      const row = new Map(layout.columns.map((column, at) => [column.name, values[at]!]));
      this.#tables.put(node.name, String(row.get(node.key)), row, row.get(time) as number);
    }
  }
}

const outcome = (line: number, result: NativeResult): ResultRow => {
  const { event_id, status, reason, field, rule, message } = result;
  const columns = { event: event_id, line, status, reason, field, rule, message };
  return resultRow("event", event_id ?? "", columns, ["event", "line"]);
};
