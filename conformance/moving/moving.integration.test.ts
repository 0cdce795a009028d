/**
 * The guide from one machine to a cluster and back, its own commands run as it shows them, with
 * traffic that doesn't stop, events that are sent to both doors, and a mirror that is killed.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { engineSuite } from "../../engines/engine-test.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { ComparedTable } from "../../src/process/compare/compare-warehouses.ts";
import { startReplica, type Replica } from "../../src/runtimes/cluster/replica.fixture.ts";
import { startRunning, type Running } from "../../src/runtimes/embedded/running.fixture.ts";
import { openEmbeddedLakeReader } from "../../src/storage/lake/embedded/embedded-lake-reader.ts";
import { openEmbeddedLog } from "../../src/storage/log/embedded/embedded-log.ts";
import { GuideCommands, type Started } from "./guide-commands.ts";
import { makeTargetCluster, type TargetCluster } from "./target-cluster.ts";
import { Traffic } from "./traffic.ts";

const GUIDE = new URL("../../docs/guides/from-embedded-to-cluster.md", import.meta.url);
const DEFINITION = join(import.meta.dirname, "pipeline.ts");
const timeout = 600_000;
/** A window that is open now is closed then: window, grace, slack. */
const CLOSING_MS = 32_000;
const EMBEDDED_ENV = { MILLRACE_LAKE_ROLL_SECONDS: "1", MILLRACE_AMEND_SECONDS: "86400" };

const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) await sleep(500);
};

await engineSuite("moving to a cluster and back", ["kafka", "registry", "s3"], (addresses) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-moving-"));
  const prefix = `moving${process.pid}-${Date.now().toString(36)}`;
  const data = join(folder, "data");
  const traffic = new Traffic("live");
  const history = new Traffic("history");
  const replicas: Replica[] = [];
  let target: TargetCluster;
  let guide: GuideCommands;
  let embedded: Running;
  let mirror: Started;
  const tell = (text: string): void => void process.stderr.write(`  ${text}\n`);

  const startEmbedded = (at = data): Promise<Running> =>
    startRunning({ args: ["up", DEFINITION], data: at, env: EMBEDDED_ENV });

  const startRoles = async (section: string): Promise<void> => {
    await Promise.all(
      guide.of(section, " --role ").map(async (args) => {
        const role = args[args.indexOf("--role") + 1]!;
        const at = join(folder, `${role}-${replicas.length}`);
        replicas.push(
          await startReplica({ config: target.config, role, data: at, definition: DEFINITION }),
        );
      }),
    );
  };

  const collectors = (): readonly string[] => doors;
  let doors: readonly string[] = [];

  /** Runs the guide's comparison until nothing differs, or for a minute. */
  const compare = async (args: readonly string[]): Promise<readonly ComparedTable[]> => {
    const endMs = Date.now() + 60_000;
    for (;;) {
      const started = guide.start([...args, "--json"]);
      const code = await started.ended;
      const line = started
        .said()
        .split("\n")
        .find((each) => each.startsWith("{"));
      if (line === undefined) throw new Error(`compare ended with ${code}: ${started.said()}`);
      if (code === 0 || Date.now() > endMs) {
        return (JSON.parse(line) as { readonly tables: readonly ComparedTable[] }).tables;
      }
      await sleep(2_000);
    }
  };

  const assertSame = (tables: readonly ComparedTable[]): void => {
    for (const { table, rows } of tables) tell(`${table}: ${rows.join(" and ")} rows`);
    assert.deepEqual(
      tables.filter(({ isSame }) => !isSame),
      [],
    );
  };

  const rowsIn = async (table: string): Promise<number> => {
    const [row] = await target.warehouse.query<{ n: string }>(
      `SELECT count() AS n FROM \`${table}\``,
    );
    return Number(row!.n);
  };

  after(async () => {
    await traffic.stop();
    mirror?.process.kill("SIGKILL");
    if (mirror !== undefined) tell(mirror.said());
    await Promise.all([...replicas.map((replica) => replica.stop()), embedded?.stop()]);
    await target?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("the guide", () => {
    test("a pipeline whose log has lost its oldest events", { timeout }, async () => {
      [target, embedded] = await Promise.all([
        makeTargetCluster(addresses, prefix, join(folder, "cluster")),
        startEmbedded(),
      ]);
      guide = new GuideCommands(
        GUIDE,
        {
          "examples/shop": DEFINITION,
          "cluster.json": target.config,
          "./data": data,
          "./data-back": join(folder, "data-back"),
        },
        { MILLRACE_LAKE_ROLL_SECONDS: "1" },
      );
      const people = Array.from({ length: 30 }, (_, at) =>
        JSON.stringify({ user_id: `user-${at}`, country: `c${at % 4}` }),
      );
      const answer = await fetch(`${embedded.url}/v1/events?topic=dim_users`, {
        method: "POST",
        headers: { authorization: "Bearer dev" },
        body: people.join("\n"),
      });
      assert.equal(answer.status, 200);
      await sleep(1_000); // the door reads a table's rows as they come
      history.way = () => [embedded.url];
      await history.burst(25);
      const lake = openEmbeddedLakeReader(join(data, "lake"), systemClock);
      const inLake = async (topic: string): Promise<number> =>
        (await lake.files({ topic })).reduce((sum, { rows }) => sum + rows, 0);
      await until(async () => {
        const rows = await Promise.all([...history.sent.keys()].map(inLake));
        return rows.every((n, at) => n === [...history.sent.values()][at]);
      });
      lake.close();
      await embedded.stop();
      const log = openEmbeddedLog({ dir: data, clock: systemClock });
      while (log.trim({ olderThanMs: 0 }).more);
      log.close();
      embedded = await startEmbedded();
      await history.burst(10);
    });

    test("the cluster is made ready, and the mirror catches up", { timeout }, async () => {
      const section = "Make the cluster ready";
      const made = await guide.run(guide.of(section, " deploy ")[0]!);
      assert.match(made, /user-events\.raw: made, 3 partitions/);
      traffic.way = () => [embedded.url];
      traffic.start();
      await startRoles(section);
      const [command] = guide.of("Bring what there is, and what comes");
      mirror = guide.start(command!);
      await mirror.untilSaid(/events brought/);
      mirror.process.kill("SIGKILL");
      await mirror.ended;
      tell("the mirror: killed");
      mirror = guide.start(command!);
      await mirror.untilSaid(/caught up/);
      tell(mirror.said().trim());
    });

    test("both say the same of what is over", { timeout }, async () => {
      await sleep(2_000);
      const over = new Date(Date.now() - 1_000).toISOString();
      await sleep(CLOSING_MS);
      const [args] = guide.of("Look for differences");
      const tables = await compare(args!.with(-1, over));
      assertSame(tables);
      const events = tables.filter(({ table }) => history.sent.has(table));
      for (const { table, rows } of events) assert.ok(rows[0] >= history.sent.get(table)!);
    });

    test("both doors take events, while the mirror is killed", { timeout }, async () => {
      await startRoles("Open the second door");
      doors = replicas.slice(3).map(({ url }) => url);
      await until(async () => (await fetch(`${doors[0]}/readyz`)).status === 200);
      let turn = 0;
      traffic.way = () => {
        turn++;
        if (turn % 3 === 0) return [embedded.url, ...collectors()];
        return turn % 3 === 1 ? [embedded.url] : collectors();
      };
      await sleep(3_000);
      mirror.process.kill("SIGKILL");
      await mirror.ended;
      tell("the mirror: killed");
      await sleep(9_000); // collectors wait by now
      const [command] = guide.of("Stop the first one", "--finish");
      mirror = guide.start(command!);
      await mirror.untilSaid(/caught up/);
      await sleep(3_000);
    });

    test("the first one is stopped without an event refused", { timeout }, async () => {
      traffic.way = collectors;
      await sleep(2_000);
      await embedded.stop();
      await mirror.untilSaid(/nothing is left/);
      assert.equal(await mirror.ended, 0);
      tell(mirror.said().trim().split("\n").at(-1)!);
      await sleep(3_000);
      await traffic.stop();
      assert.deepEqual(traffic.refused, []);
      for (const [topic, n] of traffic.sent) {
        const all = n + history.sent.get(topic)!;
        await until(async () => (await rowsIn(topic)) >= all);
        assert.equal(await rowsIn(topic), all, `${topic}: each event once`);
      }
    });
  });
});
