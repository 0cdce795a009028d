import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/core/random.ts";
import type { Account } from "./account.ts";
import { makeBatch, type MadeEvent } from "./made-event.ts";

const PAUSE_MS = 40;
const RETRY_MS = 100;
const ANSWER_MS_MAX = 5_000;
/** Of a client that loses patience: most answers come too late for it. */
const IMPATIENT_MS = 15;

/**
 * Sends batches until it is told to stop. What fails, or isn't answered in time, is sent again with
 * the same ids until it is answered; now and then a batch is sent twice at once, again later, or
 * given up.
 */
export class Client {
  readonly #name: string;
  readonly #random: Random;
  readonly #account: Account;
  readonly #url: () => string;
  readonly #done: Promise<void>;
  #number = 0;
  #isStopped = false;

  constructor(name: string, random: Random, account: Account, url: () => string) {
    this.#name = name;
    this.#random = random;
    this.#account = account;
    this.#url = url;
    this.#done = this.#run();
    this.#done.catch(() => undefined); // told to whoever stops
  }

  /** Resolves when its last batch is answered; throws what was wrong with an answer. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    let earlier: MadeEvent[] = [];
    while (!this.#isStopped) {
      const batch = makeBatch(this.#random, this.#name, this.#number, Date.now());
      this.#number += batch.length;
      const chance = this.#random.integer(20);
      if (chance === 0) {
        await this.#once(batch, ANSWER_MS_MAX); // whatever comes of it
      } else if (chance <= 3) {
        await Promise.all([this.#until(batch, IMPATIENT_MS), this.#until(batch)]);
      } else {
        await this.#until(batch);
      }
      if (chance >= 17) await this.#until(earlier);
      earlier = batch;
      await sleep(PAUSE_MS);
    }
  }

  async #until(batch: readonly MadeEvent[], firstMsMax = ANSWER_MS_MAX): Promise<void> {
    for (let msMax = firstMsMax; !(await this.#once(batch, msMax)); msMax = ANSWER_MS_MAX) {
      await sleep(RETRY_MS);
    }
  }

  /** Whether it was answered. */
  async #once(batch: readonly MadeEvent[], msMax: number): Promise<boolean> {
    const [first] = batch;
    if (first === undefined) return true;
    this.#account.sending(batch);
    let status: number;
    let body: unknown;
    try {
      const answer = await fetch(`${this.#url()}/v1/events?topic=${first.topic}`, {
        method: "POST",
        headers: { authorization: "Bearer dev", "content-type": "application/json" },
        body: JSON.stringify(batch.map(({ json }) => json)),
        signal: AbortSignal.timeout(msMax),
      });
      status = answer.status;
      body = await answer.json();
    } catch {
      this.#account.failures++;
      return false;
    }
    if (status === 200) {
      this.#account.answered(batch, body);
      return true;
    }
    this.#account.failures++;
    if (status === 429 || status === 503 || status === 507) return false;
    throw new Error(`${this.#name} was answered ${status}: ${JSON.stringify(body)}`);
  }
}
