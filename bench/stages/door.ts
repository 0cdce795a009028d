import type { Clock } from "../../src/core/clock.ts";
import { AnswerDraft, nativeAnswer } from "../../src/ingest/answer.ts";
import { deriveBatch } from "../../src/ingest/derive-batch.ts";
import { DoorBatch } from "../../src/ingest/door-batch.ts";
import { validateBody } from "../../src/ingest/validate-body.ts";
import { shopBodies, shopDoor, userEvents } from "./shop-rows.ts";

/** CPU microseconds per event of the door's steps on one thread, after a first run to warm up. */
export interface DoorFigures {
  /** `JSON.parse` of the same bodies, to compare with: machines and days differ. */
  readonly jsonParse: number;
  readonly validate: number;
  readonly derive: number;
  readonly answer: number;
}

const ROUNDS = 4;

export async function benchDoor(clock: Clock, events: number): Promise<DoorFigures> {
  const nowMs = clock.nowMs();
  const bodies = shopBodies(events / ROUNDS, nowMs);
  const door = shopDoor();
  const inputs = [door.inputs.get(userEvents.name)!];
  const cpuUs = { jsonParse: 0, validate: 0, derive: 0, answer: 0 };
  const timed = async <T>(step: keyof typeof cpuUs, work: () => T | Promise<T>): Promise<T> => {
    const from = process.threadCpuUsage();
    const result = await work();
    const { user, system } = process.threadCpuUsage(from);
    cpuUs[step] += user + system;
    return result;
  };
  /** A step over all bodies at a time: the clock of a thread is too coarse, and slow, for one. */
  const run = async (): Promise<void> => {
    await timed("jsonParse", () => {
      for (const body of bodies) for (const line of body.toString().split("\n")) JSON.parse(line);
    });
    const batches = bodies.map(
      () => new DoorBatch({ nowMs, sentAt: Number.NaN, flags: 0 }, "bench"),
    );
    await timed("validate", async () => {
      for (const [at, body] of bodies.entries()) await validateBody(batches[at]!, body, inputs);
    });
    await timed("derive", async () => {
      for (const [at, body] of bodies.entries()) await deriveBatch(batches[at]!, () => body);
    });
    await timed("answer", () => {
      for (const batch of batches) {
        const sets = batch.request().sets.map(({ rowStarts: { length } }) => ({
          status: new Uint8Array(length),
          offsets: new Float64Array(length),
          partitions: new Uint16Array(length),
        }));
        nativeAnswer(new AnswerDraft(batch).answer({ receivedAt: nowMs, sets }));
      }
    });
    for (const batch of batches) batch.release();
  };
  await run();
  for (const step of Object.keys(cpuUs)) cpuUs[step as keyof typeof cpuUs] = 0;
  for (let round = 0; round < ROUNDS; round++) await run();
  const perEvent = (us: number): number => us / (bodies.length * 100 * ROUNDS);
  return {
    jsonParse: perEvent(cpuUs.jsonParse),
    validate: perEvent(cpuUs.validate),
    derive: perEvent(cpuUs.derive),
    answer: perEvent(cpuUs.answer),
  };
}
