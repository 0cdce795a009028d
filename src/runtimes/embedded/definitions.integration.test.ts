import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import {
  ask,
  freePorts,
  MILLRACE,
  removeFolder,
  send,
  sql,
  startRunning,
  temporaryFolder,
  until,
  type Running,
} from "./running.fixture.ts";

const timeout = 120_000;
const folder = temporaryFolder("definitions");
after(() => removeFolder(folder));

/** A definition with one part of it changed. */
interface Parts {
  readonly fields?: string;
  readonly price?: string;
  readonly where?: string;
  readonly metrics?: string;
}

const language = fileURLToPath(new URL("../../index.ts", import.meta.url));
const definition = ({
  fields = "",
  price = "t.decimal(18, 2).optional()",
  where = 'visits.fields.kind.is("view")',
  metrics = "[views]",
}: Parts): string => `
import { count, countDistinct, event, metric, pipeline, t, tumbling } from ${JSON.stringify(language)};
const visits = event("visits", {
  event_id: t.id(), user_id: t.string(), kind: t.oneOf("view", "click"), timestamp: t.timestamp(),
  price: ${price}, ${fields}
}, { id: "event_id", time: "timestamp", key: "user_id" });
const views = metric("views", { from: visits, where: ${where}, by: { user_id: visits.fields.user_id },
  window: tumbling("5m"), measures: { views: count() } });
const clicks = metric("clicks", { from: visits, where: visits.fields.kind.is("click"), by: {},
  window: tumbling("1m"), measures: { clicks: count() } });
export default pipeline({ name: "visits", events: [visits], metrics: ${metrics} });
`;

/** A project of its own for a test: a folder with a definition, and its data. */
function project(name: string, parts: Parts = {}) {
  const root = join(folder, name);
  const file = join(root, "pipeline.ts");
  mkdirSync(root);
  const save = (changed: Parts): void => writeFileSync(file, definition(changed));
  save(parts);
  return { file, data: join(root, "data"), save };
}

async function started(
  t: TestContext,
  { file, data }: ReturnType<typeof project>,
): Promise<Running> {
  const running = await startRunning({
    args: ["up", file],
    data,
    env: { MILLRACE_LAKE_ROLL_SECONDS: "1", MILLRACE_AMEND_SECONDS: "2" },
  });
  t.after(() => running.stop());
  return running;
}

const visit = (id: string, more: object = {}) => ({
  event_id: id,
  user_id: "ann",
  kind: "view",
  timestamp: new Date().toISOString(),
  ...more,
});

test(
  "a saved definition is taken; a broken one is refused and the old goes on",
  { timeout },
  async (t) => {
    const place = project("reload");
    const running = await started(t, place);
    assert.equal((await ask(running, "/v1/metrics/clicks")).status, 404);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await send(running, "visits", [visit("c", { kind: "click", timestamp: hourAgo })]);
    place.save({ metrics: "[views, clicks]" });
    await running.untilSaid(/the definition was reloaded/);
    assert.equal((await ask(running, "/v1/metrics/clicks")).status, 200);
    const clicks = () => ask(running, "/v1/metrics/clicks");
    await until(clicks, ({ json }) => json.rows?.[0]?.clicks === 1); // of before it was defined

    place.save({ metrics: "[views, clicks, views]" });
    await running.untilSaid(/the changed definition wasn't taken: DEFINITION_INVALID: .*views/);
    assert.equal((await send(running, "visits", [visit("d")])).json.accepted, 1);
    writeFileSync(place.file, "export default 1 +");
    await running.untilSaid(
      /the changed definition wasn't taken: DEFINITION_INVALID: .*line 1: Expression expected/,
    );
    place.save({ price: "t.decimal(18, 3).optional()", metrics: "[views, clicks]" });
    await running.untilSaid(
      /the changed definition wasn't taken: SCHEMA_INCOMPATIBLE: [^\n]*visits[^\n]*price/,
    );
    assert.equal((await send(running, "visits", [visit("e")])).json.accepted, 1);
    assert.equal((await clicks()).status, 200);
  },
);

test("a new optional field leaves old events readable everywhere", { timeout }, async (t) => {
  const place = project("compatible");
  const first = await started(t, place);
  await send(first, "visits", [visit("old", { price: "1.50" })]);
  await first.stop();
  place.save({ fields: "color: t.string().optional()," });
  const running = await started(t, place);
  await send(running, "visits", [visit("new", { price: "2.50", color: "red" })]);
  const query = "SELECT event_id, color, toString(price) AS price FROM visits ORDER BY event_id";
  const rows = await until(
    () => sql(running, query),
    ({ length }) => length === 2,
  );
  assert.deepEqual(rows, [
    { event_id: "new", color: "red", price: "2.5" },
    { event_id: "old", color: null, price: "1.5" },
  ]);
  // The log gives the old row in its own layout, the lake has a file of each.
  const traced = await until(
    () => ask(running, "/v1/trace/old"),
    ({ json }) => json.accepted[0].lake.files.length > 0,
  );
  assert.equal(traced.json.accepted[0].event.price, "1.50");
  const files = readdirSync(join(place.data, "lake", "visits"), { recursive: true });
  assert.ok(files.some((file) => String(file).endsWith(".parquet")));
});

test(
  "an incompatible change refuses to start, naming event, field and what to do",
  { timeout },
  async (t) => {
    const place = project("incompatible");
    await (await started(t, place)).stop();
    for (const [parts, field] of [
      [{ fields: "color: t.string()," }, "color"],
      [{ price: "t.string().optional()" }, "price"],
      [{ price: "t.decimal(18, 4).optional()" }, "price"],
    ] as const) {
      place.save(parts);
      const { stderr, status } = spawnSync(process.execPath, [MILLRACE, "up", place.file], {
        env: freePorts(place.data),
        encoding: "utf8",
      });
      assert.equal(status, 1);
      assert.match(stderr, /error SCHEMA_INCOMPATIBLE: [^\n]*visits/, stderr);
      assert.match(stderr, new RegExp(field), stderr);
      assert.match(stderr, /hint: \S+/, stderr);
    }
    place.save({});
    await (await started(t, place)).stop();
  },
);

test(
  "a changed metric is filled anew, then switched to; before, the old is served",
  { timeout },
  async (t) => {
    const place = project("changed");
    const running = await started(t, place);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const past = (id: string, kind: string) => visit(id, { kind, timestamp: hourAgo });
    await send(running, "visits", [past("v1", "view"), past("v2", "view"), past("c1", "click")]);
    const views = async () => {
      const { json } = await ask(running, "/v1/metrics/views?user_id=ann");
      return (json.rows as { views: number }[] | undefined)?.[0]?.views;
    };
    assert.equal(await until(views, (n) => n !== undefined), 2);
    place.save({ where: 'visits.fields.kind.in("view", "click")' });
    await running.untilSaid(/the definition was reloaded/);
    const seen = new Set<number | undefined>();
    await until(views, (n) => Boolean(seen.add(n)) && n === 3);
    assert.deepEqual(
      [...seen].filter((n) => n !== 2 && n !== 3),
      [],
    );
  },
);

test("a project made by init runs", { timeout }, async (t) => {
  const made = spawnSync(process.execPath, [MILLRACE, "init", "mine"], { cwd: folder });
  assert.equal(made.status, 0);
  const running = await startRunning({
    args: ["up"],
    cwd: join(folder, "mine"),
    data: join(folder, "mine", "data"),
  });
  t.after(() => running.stop());
  assert.equal((await ask(running, "/readyz")).status, 200);
  assert.match(readFileSync(join(folder, "mine", "README.md"), "utf8"), /# mine/);
});
