import { randomHex } from "../../core/random.ts";
import { MillraceError, type ErrorBody } from "../../core/errors.ts";
import type { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";

/** Work that somebody asks the batch role for. */
export interface BatchRequest {
  readonly id: string;
  readonly work: "amend" | "backfill" | "audit";
  /** UTC days, both inclusive; not of `amend`. */
  readonly fromDay?: string;
  readonly toDay?: string;
  /** Only this model or metric. */
  readonly name?: string;
}

/** A request that is there, and where to go on behind it. */
export interface FoundRequest {
  readonly request: BatchRequest;
  readonly nextOffset: number;
}

interface Answer {
  readonly answers: string;
  readonly report?: unknown;
  readonly error?: ErrorBody["error"];
}

const WAIT_MS = 500;

/**
 * Requests to the batch role, and its answers: JSON in a topic of one partition. Whichever replica
 * has the partition takes them one after another, between its own work.
 */
export class BatchRequests {
  readonly #client: KafkaClient;
  readonly #topic: string;

  constructor(client: KafkaClient, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /** Makes the topic where it isn't there. */
  async open(): Promise<void> {
    await this.#client.ensureTopics([{ name: this.#topic, partitions: 1 }]);
  }

  /** The first request from an offset on; else how far there is none. */
  async next(offset: number): Promise<FoundRequest | { readonly nextOffset: number }> {
    const end = (await this.#client.ends([this.#topic]))[0]!;
    if (offset >= end.end) return { nextOffset: offset };
    const { found, nextOffset } = await this.#read(Math.max(offset, end.start), end.end, (value) =>
      isRequest(value) ? value : undefined,
    );
    return found === undefined ? { nextOffset } : { request: found, nextOffset };
  }

  /** Tells who asked. */
  answer(
    answer:
      | { readonly id: string; readonly report: unknown }
      | { readonly id: string; readonly error: MillraceError },
  ): Promise<void> {
    const { id } = answer;
    return this.#send(
      "error" in answer
        ? { answers: id, ...answer.error.toJSON() }
        : { answers: id, report: answer.report },
    );
  }

  /** Asks, and waits for the report until `signal` ends it. Throws the error that is the answer. */
  async ask(request: Omit<BatchRequest, "id">, signal: AbortSignal): Promise<unknown> {
    const id = randomHex(8);
    let offset = (await this.#client.ends([this.#topic]))[0]!.end;
    await this.#send({ id, ...request });
    while (!signal.aborted) {
      const { found, nextOffset } = await this.#read(offset, Infinity, (value) =>
        isAnswer(value) && value.answers === id ? value : undefined,
      );
      offset = nextOffset;
      if (found === undefined) continue;
      if (found.error === undefined) return found.report;
      const { code, message, ...more } = found.error;
      throw new MillraceError(code, message, more);
    }
    throw new MillraceError("NOT_READY", "no replica of the role batch has answered yet", {
      hint: "the request stays: whichever replica runs next does it",
    });
  }

  async #send(value: object): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const key = new Uint8Array();
    await this.#client.send([{ topic: this.#topic, partition: 0, key, value: bytes }]);
  }

  /** The first value that `pick` takes, up to an end; with an endless one, of one reading. */
  async #read<Found>(
    from: number,
    end: number,
    pick: (value: unknown) => Found | undefined,
  ): Promise<{ readonly found?: Found; readonly nextOffset: number }> {
    const reader = this.#client.reader();
    try {
      let offset = from;
      while (offset < end) {
        const [batch] = await reader.read([{ topic: this.#topic, partition: 0, offset }], WAIT_MS);
        if (batch === undefined) {
          if (end === Infinity) break;
          continue;
        }
        for (const record of batch.records) {
          const found = pick(parsed(record.value));
          if (found !== undefined) return { found, nextOffset: record.offset + 1 };
        }
        offset = batch.endOffset;
      }
      return { nextOffset: offset };
    } finally {
      await reader.close();
    }
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const isRequest = (value: unknown): value is BatchRequest =>
  isObject(value) && "id" in value && "work" in value;

const isAnswer = (value: unknown): value is Answer => isObject(value) && "answers" in value;

function parsed(value: Uint8Array | null): unknown {
  try {
    return value === null ? undefined : JSON.parse(new TextDecoder().decode(value));
  } catch {
    return undefined; // not ours
  }
}
