/** The load generator's process: sends prepared events as fast, or at the rate, that it is told. */
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { bodyBytesMax, openBodies, type Bodies } from "./bodies.ts";
import { Connection, requestHead } from "./connection.ts";
import type { LoadDone, LoadMessage, LoadOrder } from "./messages.ts";

const HEAD_BYTES_MAX = 512;
const RETRY_MS = 20;
const files = new Map<string, Bodies>();

process.on("message", (order: LoadOrder) => {
  run(order).then(tell, (error: unknown) => tell({ kind: "failed", message: String(error) }));
});
process.on("disconnect", () => process.exit());

const tell = (message: LoadMessage): void => void process.send?.(message);

/** Bodies go on where the last order ended. */
function bodiesOf({ file, perBody }: LoadOrder): Bodies {
  const bodies = files.get(file.path) ?? openBodies(file, perBody);
  files.set(file.path, bodies);
  return bodies;
}

async function run(order: LoadOrder): Promise<LoadDone> {
  const load = new Load(order, bodiesOf(order));
  const cpu = process.cpuUsage();
  const startMs = systemClock.monotonicMs();
  await Promise.all(Array.from({ length: order.connections }, () => load.client(startMs)));
  const { user, system } = process.cpuUsage(cpu);
  return load.done(systemClock.monotonicMs() - startMs, user + system);
}

class Load {
  readonly #order: LoadOrder;
  readonly #bodies: Bodies;
  readonly #answerMs: number[] = [];
  readonly #tally = [0, 0, 0, 0];
  #begun = 0;
  #acknowledged = 0;
  #retried = 0;

  constructor(order: LoadOrder, bodies: Bodies) {
    this.#order = order;
    this.#bodies = bodies;
  }

  /** One client: sends a body, waits for the answer, sends the next. */
  async client(startMs: number): Promise<void> {
    const { host, port, perBody, events, rate, writeKey } = this.#order;
    const connection = new Connection(host, port);
    const buffer = Buffer.allocUnsafeSlow(HEAD_BYTES_MAX + bodyBytesMax(perBody));
    while (this.#begun < events) {
      const begun = this.#begun;
      this.#begun += perBody;
      if (rate !== undefined) {
        const waitMs = startMs + (begun * 1_000) / rate - systemClock.monotonicMs();
        if (waitMs > 1) await sleep(waitMs);
      }
      const length = this.#bodies.next(buffer, HEAD_BYTES_MAX, systemClock.nowMs());
      const head = requestHead("/v1/events?topic=user-events", writeKey, length);
      const from = HEAD_BYTES_MAX - head.length;
      buffer.write(head, from, "latin1");
      await this.#send(connection, buffer.subarray(from, HEAD_BYTES_MAX + length));
    }
    connection.close();
  }

  async #send(connection: Connection, request: Buffer): Promise<void> {
    const { perBody, tellEvery } = this.#order;
    for (;;) {
      const fromMs = systemClock.monotonicMs();
      const { status, tally } = await connection.send(request);
      if (status === 200) {
        this.#answerMs.push(systemClock.monotonicMs() - fromMs);
        for (const [fate, n] of tally.entries()) this.#tally[fate]! += n;
        break;
      }
      if (status !== 429 && status !== 503) throw new Error(`the collector answered ${status}`);
      this.#retried += 1;
      await sleep(RETRY_MS);
    }
    const told = Math.floor(this.#acknowledged / tellEvery);
    this.#acknowledged += perBody;
    if (Math.floor(this.#acknowledged / tellEvery) > told) {
      tell({ kind: "told", acknowledged: this.#acknowledged });
    }
  }

  done(ms: number, cpuUs: number): LoadDone {
    const sorted = Float64Array.from(this.#answerMs).toSorted();
    const quantile = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const [accepted = 0, duplicate = 0, quarantined = 0, refused = 0] = this.#tally;
    return {
      kind: "done",
      sent: this.#acknowledged,
      accepted,
      duplicate,
      quarantined,
      refused,
      retried: this.#retried,
      ms,
      answerMsP50: quantile(0.5),
      answerMsP99: quantile(0.99),
      cpuUs,
    };
  }
}
