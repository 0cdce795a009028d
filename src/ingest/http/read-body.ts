import type { IncomingMessage } from "node:http";
import { MillraceError } from "../../core/errors.ts";

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

/**
 * The body of a message, at most `bytesMax` bytes. Throws `BODY_TOO_LARGE` at once when more is
 * announced or comes, and `RATE_LIMITED` when the budget is used up; whoever answers then should
 * close the connection. The budget stays taken until `release` is called.
 */
export async function readBody(
  message: IncomingMessage,
  bytesMax: number,
  budget: BodyBudget,
): Promise<{ body: Buffer; release: () => void }> {
  let taken = 0;
  const release = (): void => {
    budget.giveBack(taken);
    taken = 0;
  };
  try {
    const announced = Number(message.headers["content-length"] ?? 0);
    if (announced > bytesMax) throw tooLarge(bytesMax);
    const chunks: Buffer[] = [];
    let length = 0;
    await eachChunk(message, (chunk) => {
      length += chunk.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      budget.take(chunk.length);
      taken += chunk.length;
      chunks.push(chunk);
    });
    return { body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length), release };
  } catch (error) {
    release();
    throw error;
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
