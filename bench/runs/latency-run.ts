import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { WRITE_KEY, type RuntimeProcess } from "./runtime-process.ts";

export interface Visibility {
  readonly probes: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const ASK_EVERY_MS = 10;
const GIVE_UP_MS = 30_000;

/**
 * Posts single events, each of a page of its own, and asks `/v1/metrics/page-view-counts` until the
 * page is there: ms from the POST's begin to the answer that shows it. Goes on until `until` resolves.
 */
export async function measureVisibility(
  runtime: RuntimeProcess,
  clock: Clock,
  until: Promise<unknown>,
): Promise<Visibility> {
  const found: number[] = [];
  let isOver = false;
  void until.finally(() => (isOver = true)).catch(() => undefined);
  for (let probe = 0; !isOver; probe++) {
    found.push(await probeOnce(runtime, clock, `https://shop.example/probe/${probe}`));
    await sleep(ASK_EVERY_MS);
  }
  const sorted = found.toSorted((left, right) => left - right);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    probes: found.length,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

async function probeOnce(runtime: RuntimeProcess, clock: Clock, page: string): Promise<number> {
  const nowMs = clock.nowMs();
  const startMs = clock.monotonicMs();
  const event = {
    event_id: `probe-${nowMs}-${page.slice(page.lastIndexOf("/") + 1)}`,
    user_id: "prober",
    event_type: "page_view",
    timestamp: new Date(nowMs).toISOString(),
    properties: { page_url: page },
  };
  const posted = await fetch(`${runtime.url}/v1/events?topic=user-events`, {
    method: "POST",
    headers: { authorization: `Bearer ${WRITE_KEY}` },
    body: JSON.stringify(event),
  });
  await posted.arrayBuffer();
  const query = new URLSearchParams({ page_url: page, from: String(nowMs - 3_600_000) });
  for (;;) {
    const answer = await fetch(`${runtime.url}/v1/metrics/page-view-counts?${query}`);
    const { rows } = (await answer.json()) as { readonly rows?: readonly unknown[] };
    const ms = clock.monotonicMs() - startMs;
    if (rows !== undefined && rows.length > 0) return ms;
    if (ms > GIVE_UP_MS) throw new Error(`an event isn't visible after ${GIVE_UP_MS} ms`);
    await sleep(ASK_EVERY_MS);
  }
}
