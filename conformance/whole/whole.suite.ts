/**
 * The whole against the whole: the embedded runtime and a cluster's roles on real engines are sent
 * the same real events as if they happened now, with parts of the cluster killed amid them.
 * Afterwards every table of both warehouses has the same rows.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAddresses } from "../../engines/cluster-addresses.ts";
import type { Cluster } from "../../engines/cluster.ts";
import type { Plan } from "../../src/language/plan/nodes.ts";
import {
  compareWarehouses,
  type ComparedTable,
  type TableKind,
} from "../../src/process/compare/compare-warehouses.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";
import { ClusterRuntime } from "./cluster-runtime.ts";
import { sendTo } from "./doors.ts";
import { EmbeddedRuntime } from "./embedded-runtime.ts";
import { Kills, type Kill } from "./kills.ts";
import { LATE_MS_MOST, sendLive, type Sent } from "./live-traffic.ts";
import { readRealEvents, type RealInput } from "./real-events.ts";

export interface WholeOptions {
  readonly name: string;
  /** Of the engines that the cluster's roles are to use, and what kills them. */
  readonly addresses: ClusterAddresses;
  readonly engines: Cluster;
  /** A file in this folder, and its plan. */
  readonly definition: string;
  readonly plan: Plan;
  /** How many of the real events are sent at most, and how long that takes. */
  readonly events: number;
  readonly seconds: number;
  /** Parts of engines that are killed beside Millrace's own; with a disk, or without. */
  readonly kills: readonly { readonly part: string; readonly losing?: "disk" }[];
  /** How often each part is killed. */
  readonly rounds: number;
}

/** From the last event until every window is closed: window, grace, slack. */
const CLOSING_MS = 150_000;
/** How long a difference may stay. */
const SAME_WITHIN_MS = 300_000;
const timeout = 900_000;

/** Registers the tests; both runtimes are started anew. */
export function wholeSuite(options: WholeOptions): void {
  const { name, addresses, engines, plan, seconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "millrace-whole-"));
  const prefix = `whole${process.pid}-${Date.now().toString(36)}`;
  const definition = join(import.meta.dirname, options.definition);
  const cluster = new ClusterRuntime({
    addresses,
    definition,
    prefix,
    folder: join(folder, "cluster"),
  });
  let embedded: EmbeddedRuntime;
  let input: RealInput;
  const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);

  before(
    async () => {
      input = await readRealEvents();
      [embedded] = await Promise.all([
        EmbeddedRuntime.start(definition, join(folder, "embedded")),
        cluster.start(),
      ]);
    },
    { timeout },
  );
  after(async () => {
    await Promise.all([cluster.stop(), embedded.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const doors = () => [
    { name: "embedded", urls: () => [embedded.url] },
    { name: "cluster", urls: () => cluster.collectors },
  ];

  const warehouses = () => [embedded.warehouse, cluster.warehouse] as const;

  /** Compares until everything is there and nothing differs, or time is up. */
  const compared = async (
    kinds: readonly TableKind[],
    isThere: (all: readonly ComparedTable[]) => boolean = () => true,
  ): Promise<readonly ComparedTable[]> => {
    const untilMs = Date.now() + SAME_WITHIN_MS;
    for (;;) {
      const all = await compareWarehouses(plan, warehouses(), { kinds });
      const isDone = isThere(all) && all.every(({ isSame }) => isSame);
      if (isDone || Date.now() > untilMs) return all;
      await sleep(3_000);
    }
  };

  const assertSame = (all: readonly ComparedTable[]): void => {
    for (const { table, rows } of all) tell(`${table}: ${rows.join(" and ")} rows`);
    const different = all.filter(({ isSame }) => !isSame);
    assert.deepEqual(different, []);
    // An anomaly needs more windows than there are.
    const empty = all.filter(({ table, rows }) => rows[0] === 0 && table !== "millrace_alerts");
    assert.deepEqual(empty, []);
  };

  const killAndStartAgain = async (part: string, losing?: "disk"): Promise<void> => {
    await engines.kill(part, { ...(losing !== undefined && { losing }) });
    await engines.startAgain(part);
  };
  /** What is killed with -9 while events come in, evenly spread. */
  const parts: readonly Omit<Kill, "at">[] = [
    ...options.kills.map(({ part, losing }) => ({
      what: losing === undefined ? part : `${part} and its ${losing}`,
      kill: () => killAndStartAgain(part, losing),
    })),
    { what: "Kafka Streams", kill: () => cluster.killStreams("a") },
    { what: "a loader", kill: () => cluster.killReplica("load", "a") },
    { what: "the lake writer", kill: () => cluster.killReplica("lake", "a") },
  ];
  const killed = Array.from({ length: options.rounds }, () => parts).flat();
  const kills = new Kills(
    killed.map((each, at) => ({ ...each, at: (at + 1) / (killed.length + 1) })),
  );

  describe(name, () => {
    let sent: Sent;
    let fromDay = "";

    test("people are known to both", { timeout }, async () => {
      const body = input.people.map((person) => JSON.stringify(person)).join("\n");
      for (const door of doors()) await sendTo(door, "dim_users", body, 0);
      const all = await compared(["tables"], ([users]) => users!.rows[0] === input.people.length);
      assertSame(all);
      assert.equal(all[0]!.rows[0], input.people.length);
      await sleep(2_000); // a collector reads a table's rows as they come
    });

    test("real events, sent as if they happened now", { timeout }, async () => {
      const events = input.events.slice(0, options.events);
      fromDay = dayOf(Date.now() - LATE_MS_MOST);
      sent = await sendLive(doors(), {
        events,
        seconds,
        name: "real",
        seed: 1,
        duplicatePercent: 5,
        latePercent: 2,
        onProgress: (done) => kills.due(done, tell),
      });
      await kills.ended();
      const { onTime, late, absurd, duplicates, accepted } = sent;
      tell(`${onTime} on time, ${late} late, ${absurd} absurd; ${duplicates} of them twice`);
      const taken = accepted.get("embedded")!;
      const all = await compared(["events"], (now) => rowsOfEvents(now) === taken);
      assertSame(all);
      assert.equal(rowsOfEvents(all), taken);
    });

    test(
      "rows on time and counts of late events: metrics, cubes, alerts",
      { timeout },
      async () => {
        await sleep(CLOSING_MS);
        const all = await compared(["metrics", "cubes", "alerts"]);
        assertSame(all);
        const [late, lateToo] = await Promise.all(warehouses().map(lateIn));
        assert.equal(lateToo, late);
        assert.ok(late! > 0 && late! <= sent.late);
      },
    );

    test("amended rows, and models", { timeout }, async () => {
      const events = await compareWarehouses(plan, warehouses(), { kinds: ["events"] });
      for (const { table, rows } of events) {
        while ((await cluster.lakeRows(table)) < rows[1]) await sleep(1_000);
      }
      await cluster.startReplica("batch", "a");
      const toDay = dayOf(Date.now());
      await Promise.all([embedded.request("/v1/amend", { wait: true }), cluster.batch("amend")]);
      assertSame(await compared(["metrics"]));
      const amended = warehouses().map((each) =>
        each.query<{ n: string }>("SELECT countIf(generation > 0) AS n FROM `event-volume`"),
      );
      for (const [row] of await Promise.all(amended)) assert.ok(Number(row!.n) > 0);
      await Promise.all([
        embedded.request("/v1/backfill", { fromDay, toDay }),
        cluster.batch("backfill", "--from", fromDay, "--to", toDay),
      ]);
      assertSame(await compared(["models"]));
    });
  });
}

/** Rows of events that were sent, without those that are made of them. */
const rowsOfEvents = (all: readonly ComparedTable[]): number =>
  all
    .filter(({ table }) => table === "user-events" || table === "shop-events")
    .reduce((sum, { rows }) => sum + rows[1], 0);

/** Events that were received after their grace, of both topics. */
async function lateIn(warehouse: Warehouse): Promise<number> {
  const late = (topic: string): string =>
    `SELECT count() AS n FROM \`${topic}\` WHERE received_at > timestamp + INTERVAL 90 SECOND`;
  const rows = await warehouse.query<{ n: string }>(
    `SELECT sum(n) AS n FROM (${late("user-events")} UNION ALL ${late("shop-events")})`,
  );
  return Number(rows[0]!.n);
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
