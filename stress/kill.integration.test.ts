import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type Random } from "../src/core/random.ts";
import { Account } from "./kill/account.ts";
import { checkContents } from "./kill/check-contents.ts";
import { Client } from "./kill/client.ts";
import { KeptPipeline } from "./kill/kept-pipeline.ts";

const KILLS = Number(process.env["KILLS"] ?? 30);
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const CLIENTS = 4;
/** The moments of the random kills: at most so long after the one before. */
const PAUSE_MS_MAX = 1_200;
/** So long a pipeline outlives its main process in some rounds. */
const FREEZE_MS_MAX = 8_000;

/** Where the process behind the log kills itself, and where the warehouse is killed beside it. */
const POINTS: readonly (readonly [point: string, count: number, who: "itself" | "warehouse"])[] = [
  ["between-insert-and-commit", 3, "itself"],
  ["inside-insert", 2, "itself"],
  ["inside-insert", 4, "warehouse"],
  ["between-file-and-rename", 3, "itself"],
  ["between-commit-and-publish", 4, "itself"],
  ["between-intent-and-insert", 2, "itself"],
  ["between-rename-and-manifest", 2, "itself"],
  ["between-publish-and-forget", 3, "itself"],
  ["inside-insert", 3, "warehouse"],
  ["between-amend-and-clear", 1, "itself"],
  ["between-commit-and-report", 3, "itself"],
  ["between-manifest-and-listing", 2, "itself"],
];

test("each process killed again and again: nothing lost, nothing twice", async (t) => {
  t.diagnostic(`SEED=${SEED} KILLS=${KILLS}`);
  const random = seededRandom(SEED);
  const account = new Account();
  const pipeline = new KeptPipeline(mkdtempSync(join(tmpdir(), "millrace-kill-")));
  let stepMs = performance.now();
  const onStep = (step: string): void => {
    const seconds = ((performance.now() - stepMs) / 1_000).toFixed(1);
    stepMs = performance.now();
    t.diagnostic(`${step}: ${seconds} s`);
  };
  try {
    const clients = Array.from(
      { length: CLIENTS },
      (_, at) => new Client(`c${at}`, seededRandom(SEED + at + 1), account, () => pipeline.url),
    );
    for (let round = 0; round < POINTS.length || killsOf(pipeline) < KILLS; round++) {
      await killAll(pipeline, random, round);
      onStep(`round ${round}, ${pointOf(round)[0]}`);
    }
    pipeline.kill("main");
    await pipeline.ready();
    await Promise.all(clients.map((client) => client.stop()));
    onStep("the last start");
    const wrong = await checkContents(pipeline, account, onStep);
    assert.deepEqual(account.acceptedTwice(), [], "no id was told `accepted` twice");
    t.diagnostic(accountText(pipeline, account, wrong));
    for (const point of POINTS)
      assert.ok(pipeline.crashes.has(point[0]), `${point[0]} was reached`);
  } catch (error) {
    t.diagnostic(pipeline.notices);
    throw error;
  } finally {
    await pipeline.stop();
    rmSync(pipeline.dir, { recursive: true, force: true });
  }
});

const killsOf = ({ kills }: KeptPipeline): number => kills.main + kills.pipeline + kills.warehouse;

/**
 * One of the processes dies and takes up its work with a narrow point ahead, where it dies again; then
 * the others. The main process dies every other time.
 */
async function killAll(pipeline: KeptPipeline, random: Random, round: number): Promise<void> {
  const [point, count, who] = pointOf(round);
  pipeline.arm(`${point}:${count}${who === "itself" ? "" : ":tell"}`);
  const reached = pipeline.reached(point, () => {
    pipeline.arm("");
    if (who === "warehouse") pipeline.kill("warehouse");
  });
  if (round === 0) pipeline.start();
  else if (round % 2 === 1) {
    await pipeline.until("killed", () => pipeline.kill("pipeline"));
  } else {
    const thaw = round % 4 === 2 ? pipeline.freeze() : undefined;
    pipeline.kill("main");
    if (thaw !== undefined) setTimeout(thaw, random.integer(FREEZE_MS_MAX));
    if (random.integer(2) === 0) {
      await sleep(random.integer(PAUSE_MS_MAX)); // while it starts
      pipeline.kill("main");
    }
  }
  await reached;
  for (const name of random.integer(2) === 0
    ? (["warehouse", "pipeline"] as const)
    : (["pipeline", "warehouse"] as const)) {
    await sleep(random.integer(PAUSE_MS_MAX));
    pipeline.kill(name);
  }
  await sleep(random.integer(PAUSE_MS_MAX));
}

const pointOf = (round: number) => POINTS[round % POINTS.length]!;

function accountText(
  pipeline: KeptPipeline,
  account: Account,
  wrong: { readonly lost: number; readonly twice: number },
): string {
  const { kills, crashes, failedStarts, startsMs } = pipeline;
  const medianMs = startsMs.toSorted((left, right) => left - right)[startsMs.length >> 1] ?? 0;
  const atPoints = [...crashes].map(([name, n]) => `${name} ${n}`).join(", ");
  const totals = Object.entries(account.totals()).map(([name, n]) => `${name} ${n}`);
  return [
    `events: ${totals.join(", ")}; lost ${wrong.lost}, twice ${wrong.twice}`,
    `kills: main ${kills.main}, pipeline ${kills.pipeline}, warehouse ${kills.warehouse}; at narrow points: ${atPoints}`,
    `starts: ${startsMs.length}, median ${Math.round(medianMs)} ms; repeated ${failedStarts.length}`,
    ...failedStarts.slice(0, 3),
  ].join("\n");
}
