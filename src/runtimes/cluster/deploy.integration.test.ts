/**
 * `millrace deploy`: topics, schemas and a job in Flink, which is stopped, resumed and upgraded while
 * events come in. Rows are counted: none is lost, and none is written twice.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { CaseCluster } from "../../../conformance/cluster/records.ts";
import { engineSuite } from "../../../engines/engine-test.ts";
import { loadDefinition } from "../definition/load-definition.ts";
import { MILLRACE } from "../embedded/running.fixture.ts";
import { openConfluentRegistry } from "../../storage/registry/confluent/confluent-registry.ts";
import type { Change } from "./deploy/deploy-step.ts";
import type { JobStatus } from "./flink/flink-jobs.ts";
import { startReplica, type Replica } from "./replica.fixture.ts";

const timeout = 450_000;
const USERS = 7;

/** A metric of Flink's, watched, and one of Kafka Streams'. */
const definition = ({ amount = "t.integer()", more = "", window = "2s" } = {}): string => `
import { anomaly, count, event, metric, pipeline, sum, t, tumbling } from "millrace";
const visits = event(
  "visits",
  { event_id: t.id(), user: t.string(), at: t.timestamp(), amount: ${amount}, ${more} },
  { id: "event_id", time: "at", key: "user" },
);
const { user, amount } = visits.fields;
const paid = metric("paid", {
  from: visits,
  by: { user },
  window: tumbling("${window}"),
  measures: { visits: count(), ${amount === "t.integer()" ? "total: sum(amount)" : ""} },
  grace: "20s",
  on: "flink",
});
const live = metric("live", { from: visits, window: tumbling("1m"), measures: { visits: count() } });
export default pipeline({
  name: "deployed",
  events: [visits],
  metrics: [paid, live],
  alerts: [anomaly("odd", { on: paid.measures.visits, history: 4 })],
});
`;

await engineSuite("a deployment", ["kafka", "registry", "flink"], ({ kafka, registry, flink }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-deploy-"));
  const prefix = `deploy${process.pid}-${Date.now().toString(36)}`;
  const config = join(folder, "cluster.json");
  const file = join(folder, "pipeline.ts");
  const job = `${prefix}.paid`;
  const cases = new CaseCluster({ bootstrap: kafka.bootstrap, registryUrl: registry.url }, prefix);
  const replicas: Replica[] = [];
  let posted = 0;

  before(() => {
    writeFileSync(file, definition());
    configure(1_000);
  });
  after(
    async () => {
      for (const replica of replicas) await replica.stop();
      await deploy("--stop").catch(() => undefined);
      const topics = (await cases.client.topics()).filter((name) => name.startsWith(prefix));
      await cases.client.deleteTopics(topics);
      await cases.close();
      rmSync(folder, { recursive: true, force: true });
    },
    { timeout },
  );

  const configure = (checkpointMs: number): void => {
    const own = { flink: { ...flink, checkpointMs }, prefix, partitions: 2 };
    writeFileSync(config, JSON.stringify({ kafka, registry, ...own }));
  };

  /** What the command prints, as JSON; throws what it says when it fails. */
  const run = async (...flags: readonly string[]): Promise<unknown> => {
    const args = [MILLRACE, "deploy", file, "--cluster", config, "--json", ...flags];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close");
    const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`${out}${said}`);
    return JSON.parse(out);
  };
  const deploy = async (...flags: readonly string[]): Promise<readonly Change[]> =>
    ((await run(...flags)) as { readonly changes: readonly Change[] }).changes;
  const status = async (): Promise<JobStatus> => {
    const { jobs } = (await run("--status")) as { readonly jobs: readonly JobStatus[] };
    assert.deepEqual(
      jobs.map(({ name }) => name),
      [job],
    );
    return jobs[0]!;
  };
  const jobChanges = (changes: readonly Change[]): readonly Change[] =>
    changes.filter(({ kind }) => kind === "job");

  const post = async (count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, index) => ({
      event_id: randomUUID(),
      user: `user-${index % USERS}`,
      at: new Date().toISOString(),
      amount: 1,
    }));
    const answer = await fetch(`${replicas[0]!.url}/v1/events?topic=visits`, {
      method: "POST",
      headers: { authorization: "Bearer dev" },
      body: JSON.stringify(events),
    });
    assert.equal(((await answer.json()) as { accepted: number }).accepted, count);
    posted += count;
  };
  /** Resolves when every visit that was posted is in a row, each row there once. */
  const allCounted = async (): Promise<void> => {
    const { metrics } = await loadDefinition(file);
    const metric = metrics.find(({ name }) => name === "paid")!;
    const rows = await until(async () => {
      const found = await cases.rows(metric, prefix);
      const sum = found.reduce((total, { components }) => total + Number(components[0]), 0);
      return sum >= posted ? found : undefined;
    });
    assert.equal(
      rows.reduce((total, { components }) => total + Number(components[1]), 0),
      posted,
    );
    assert.equal((await cases.records(`${job}.rows`)).length, rows.length);
  };

  describe("a deployment", () => {
    test("makes what the definition needs, and nothing a second time", { timeout }, async () => {
      const changes = await deploy();
      const names = changes.map(({ kind, name }) => `${kind} ${name.slice(prefix.length + 1)}`);
      for (const name of ["topic visits.raw", "topic odd.alerts", "schema visits-value"]) {
        assert.ok(names.includes(name), `${name} in ${names.join(", ")}`);
      }
      assert.deepEqual(jobChanges(changes), [
        { kind: "job", name: job, did: "started from the start" },
      ]);
      assert.deepEqual(await deploy(), []);
      const { state, sinceMs } = await status();
      assert.deepEqual([state, sinceMs! > 0], ["running", true]);
      await until(async () => ((await status()).checkpointMs === undefined ? undefined : true));
    });

    test("its job writes the rows of its metric", { timeout }, async () => {
      const start = (role: string): Promise<Replica> =>
        startReplica({ config, role, data: join(folder, role), definition: file });
      replicas.push(await start("collect"), await start("stream"));
      await post(60);
      await allCounted();
    });

    test("a job that is stopped goes on where it was", { timeout }, async () => {
      await post(20); // into windows that are open when it stops
      const [stopped] = await deploy("--stop");
      assert.match(stopped!.did, /^stopped; savepoint .+/);
      assert.deepEqual(await deploy("--stop"), []);
      assert.equal((await status()).state, "stopped");
      await post(30);
      const [started, ...others] = await deploy();
      assert.deepEqual(others, []);
      assert.equal(started!.did, stopped!.did.replace("stopped; savepoint", "started from"));
      await post(40);
      await allCounted();
    });

    test("an incompatible schema is refused before anything is changed", { timeout }, async () => {
      const schemas = openConfluentRegistry(registry);
      const look = async (): Promise<unknown> => ({
        topics: (await cases.client.topics()).filter((name) => name.startsWith(prefix)).toSorted(),
        schemas: await schemas.versions(`${prefix}.visits-value`, "exclude"),
        since: (await status()).sinceMs,
      });
      const known = await look();
      writeFileSync(file, definition({ amount: "t.string()", window: "3s" }));
      await assert.rejects(deploy(), /SCHEMA_INCOMPATIBLE/);
      writeFileSync(file, definition());
      assert.deepEqual(await look(), known);
      await schemas.close();
    });

    test(
      "an upgrade keeps its state unless the metric means something else",
      { timeout },
      async () => {
        await post(20);
        writeFileSync(file, definition({ more: "note: t.string().optional()" }));
        assert.deepEqual(jobChanges(await deploy()), [], "the job doesn't read what is new");
        configure(1_500);
        const compatible = await deploy();
        assert.match(jobChanges(compatible)[0]!.did, /^started from .*savepoint/);
        await post(20);
        await allCounted();
        writeFileSync(file, definition({ more: "note: t.string().optional()", window: "3s" }));
        assert.deepEqual(
          jobChanges(await deploy()).map(({ did }) => did),
          ["started from the start"],
        );
      },
    );
  });
});

/** What `look` gives at last; the test's own time limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
