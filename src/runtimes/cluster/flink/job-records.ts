import type { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";

/** What a deployment did last with a job. */
export interface JobRecord {
  readonly name: string;
  readonly hash: string;
  readonly meaning: string;
  /** Windows that start before it are left out, ms. */
  readonly sinceMs?: number;
  /** The savepoint that it was stopped with, unless it was started since. */
  readonly savepoint?: { readonly path: string; readonly atMs: number };
}

const WAIT_MS = 500;

/**
 * What was deployed to Flink, in a compacted topic: Flink itself forgets a job that has ended. The
 * topic must be there to be written to.
 */
export class JobRecords {
  readonly #client: KafkaClient;
  readonly #topic: string;
  readonly #records = new Map<string, JobRecord>();

  private constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  static async read(client: KafkaClient, topic: string): Promise<JobRecords> {
    const records = new JobRecords(client, topic);
    if ((await client.topics()).includes(topic)) await records.#read();
    return records;
  }

  of(name: string): JobRecord | undefined {
    return this.#records.get(name);
  }

  names(): readonly string[] {
    return [...this.#records.keys()];
  }

  async put(record: JobRecord): Promise<void> {
    const text = new TextEncoder();
    await this.#client.send([
      {
        topic: this.#topic,
        partition: 0,
        key: text.encode(record.name),
        value: text.encode(JSON.stringify(record)),
      },
    ]);
    this.#records.set(record.name, record);
  }

  async #read(): Promise<void> {
    const reader = this.#client.reader();
    try {
      const [range] = await this.#client.ends([this.#topic]);
      let offset = range?.start ?? 0;
      while (range !== undefined && offset < range.end) {
        const place = { topic: this.#topic, partition: 0, offset };
        for (const { records, endOffset } of await reader.read([place], WAIT_MS)) {
          for (const { value } of records) {
            if (value === null) continue;
            const record = JSON.parse(new TextDecoder().decode(value)) as JobRecord;
            this.#records.set(record.name, record);
          }
          offset = endOffset;
        }
      }
    } finally {
      await reader.close();
    }
  }
}
