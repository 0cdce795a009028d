import type { KafkaClient, KafkaReader } from "../../../storage/log/kafka/kafka-client.ts";
import type { ReaderPosition } from "../../../storage/log/log.ts";

/** How far the events of another pipeline were brought to this cluster. */
export interface MirrorMark {
  /** Everything that the other pipeline received until then is in the raw topics, ms. */
  readonly throughMs: number;
  /** Where the mirror goes on in the other pipeline's log. */
  readonly positions: readonly ReaderPosition[];
  /** Events that were brought, those that came twice included. */
  readonly events: number;
  /** The other pipeline takes no events any more, and nothing of it is left. */
  readonly isClosed: boolean;
}

const KEY = new TextEncoder().encode("mirror");
const WAIT_MS = 400;

/** Makes a mark durable, behind everything that the same client has sent. */
export async function putMark(client: KafkaClient, topic: string, mark: MirrorMark): Promise<void> {
  const value = new TextEncoder().encode(JSON.stringify(mark));
  await client.send([{ topic, partition: 0, key: KEY, value }]);
}

/** The newest mark, read on and on. */
export class MirrorMarks {
  readonly #client: KafkaClient;
  readonly #reader: KafkaReader;
  readonly #topic: string;
  #offset = 0;
  #mark: MirrorMark | undefined;

  constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.#reader = client.reader();
    this.#topic = topic;
  }

  /** Undefined: no pipeline was ever mirrored here. */
  get newest(): MirrorMark | undefined {
    return this.#mark;
  }

  /** Reads to the end of what is there. */
  async read(): Promise<MirrorMark | undefined> {
    const [range] = await this.#client.ends([this.#topic]);
    if (range === undefined) return undefined;
    this.#offset = Math.max(this.#offset, range.start);
    while (this.#offset < range.end) {
      const place = { topic: this.#topic, partition: 0, offset: this.#offset };
      for (const { records, endOffset } of await this.#reader.read([place], WAIT_MS)) {
        for (const { value } of records) {
          if (value !== null)
            this.#mark = JSON.parse(new TextDecoder().decode(value)) as MirrorMark;
        }
        this.#offset = endOffset;
      }
    }
    return this.#mark;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
