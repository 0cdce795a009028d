import type { IncomingMessage } from "node:http";
import { MillraceError } from "../../core/errors.ts";
import { IdlePool } from "../idle-pool.ts";
import { BodyBuffer } from "./body-buffer.ts";

/** Bytes of bodies that may be in memory at once. */
export class BodyBudget {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get used(): number {
    return this.#used;
  }

  take(bytes: number): void {
    if (this.#used + bytes > this.#max) {
      throw new MillraceError("RATE_LIMITED", "too many bodies are being read", {
        hint: "try again in a second",
      });
    }
    this.#used += bytes;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }
}

/** A body that was read. */
export interface ReadBody {
  readonly body: Buffer;
  /** To be called when nobody looks at the body any more: its bytes are used again. */
  readonly release: () => void;
}

/** Reads the bodies of messages, within bounds. */
export class BodyReader {
  readonly budget: BodyBudget;
  readonly #bytesMax: number;
  readonly #buffers = new IdlePool(() => new BodyBuffer());

  constructor(bytesMax: number, budget: BodyBudget) {
    this.#bytesMax = bytesMax;
    this.budget = budget;
  }

  /**
   * The body of a message. Throws `BODY_TOO_LARGE` at once when more than the bound is announced or
   * comes, and `RATE_LIMITED` when the budget is used up; whoever answers then should close the
   * connection. The budget stays taken until `release` is called.
   */
  async read(message: IncomingMessage): Promise<ReadBody> {
    const bytesMax = this.#bytesMax;
    const announced = Number(message.headers["content-length"] ?? 0);
    if (announced > bytesMax) throw tooLarge(bytesMax);
    const buffer = this.#buffers.take();
    let taken = 0;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.budget.giveBack(taken);
      this.#buffers.giveBack(buffer);
    };
    try {
      await eachChunk(message, (chunk) => {
        if (buffer.length + chunk.length > bytesMax) throw tooLarge(bytesMax);
        this.budget.take(chunk.length);
        taken += chunk.length;
        buffer.add(chunk);
      });
      return { body: buffer.body, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

/**
 * Gives a message's chunks as they come; what `take` throws ends that. By events, because to
 * iterate over a message takes as long as to read a hundred events of it.
 */
function eachChunk(message: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (thrown) {
        message.off("data", onData).pause();
        reject(thrown);
      }
    };
    message.on("data", onData);
    message.once("end", resolve);
    message.once("error", reject);
    message.once("close", () => {
      if (!message.readableEnded) reject(new Error("the connection was cut"));
    });
  });
}

export const tooLarge = (bytesMax: number): MillraceError =>
  new MillraceError("BODY_TOO_LARGE", `the body is larger than ${bytesMax} bytes`, {
    hint: "split the batch",
  });
