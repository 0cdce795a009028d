import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/core/clock.ts";
import { watchStolenTime } from "../machine/stolen-time.ts";
import { WRITE_KEY, type RuntimeProcess } from "./runtime-process.ts";

/** How soon events could be seen, ms. */
export interface Visibility {
  readonly probes: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface VisibilityRun {
  readonly all: Visibility;
  /** Without the probes during which the host gave much of this machine's time to others; all, when that was always. */
  readonly undisturbed: Visibility;
}

const ASK_EVERY_MS = 10;
const GIVE_UP_MS = 30_000;
/** A probe is disturbed when more than this share of the processors' time was stolen meanwhile. */
const DISTURBED_SHARE = 0.2;

/**
 * Posts single events, each of a page of its own, and asks `/v1/metrics/page-view-counts` until the
 * page is there: ms from the POST's begin to the answer that shows it. Goes on until `until` resolves.
 */
export async function measureVisibility(
  runtime: RuntimeProcess,
  clock: Clock,
  until: Promise<unknown>,
): Promise<VisibilityRun> {
  const found: { readonly ms: number; readonly stolen: number }[] = [];
  let isOver = false;
  void until.finally(() => (isOver = true)).catch(() => undefined);
  for (let probe = 0; !isOver; probe++) {
    const stolen = watchStolenTime();
    const ms = await probeOnce(runtime, clock, `https://shop.example/probe/${probe}`);
    found.push({ ms, stolen: stolen() });
    await sleep(ASK_EVERY_MS);
  }
  const all = visibilityOf(found.map(({ ms }) => ms));
  const undisturbed = found.filter((probe) => probe.stolen <= DISTURBED_SHARE);
  return {
    all,
    undisturbed: undisturbed.length === 0 ? all : visibilityOf(undisturbed.map(({ ms }) => ms)),
  };
}

function visibilityOf(found: readonly number[]): Visibility {
  const sorted = found.toSorted((left, right) => left - right);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    probes: sorted.length,
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
