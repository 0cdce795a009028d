import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import retail from "../../../examples/online-retail/pipeline.ts";
import { manualClock } from "../../core/clock.ts";
import { rowEnd, rowToObject } from "../../language/compile/javascript/row-to-object.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { ROW_FLAGS } from "../../language/schema/layout.ts";
import { openEmbeddedLogReader } from "../../storage/log/embedded/embedded-log-reader.ts";
import { startLogWriter } from "../../storage/log/embedded/log-writer.ts";
import type { AppendRequest, AppendResult } from "../../storage/log/append-request.ts";
import { NO_LOOKUPS } from "../derive/lookups.ts";
import { answerImport } from "./import-call.ts";
import { openImportDatabase } from "./import-database.ts";
import { ImportReceiver, type ImportBatch } from "./import-receiver.ts";
import { unreadableLine } from "./row-line.ts";

const { plan } = retail;
const TOPIC = "invoice-lines";
const topics = topicsOf(plan).map((topic, index) => ({ topic, layoutId: index + 1 }));
const layout = topics[0]!.topic.layout;
const FILE = "ab".repeat(32);
const START = Date.UTC(2025, 0, 1);

type Append = (request: AppendRequest) => Promise<AppendResult>;

const dirs: string[] = [];
after(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true, force: true }))));

/** A receiver over a real log, gate and database of imports; opened again by `dir`. */
async function open(dir?: string, wrap: (append: Append) => Append = (append) => append) {
  const root = dir ?? (await mkdtemp(join(tmpdir(), "millrace-import-")));
  if (dir === undefined) dirs.push(root);
  const time = new SharedArrayBuffer(8);
  new Float64Array(time)[0] = START;
  const clock = manualClock(START);
  const writer = await startLogWriter({
    dir: root,
    topics: [{ topic: TOPIC, partitions: 3 }],
    clock: time,
    horizonMs: 60_000,
  });
  const log = openEmbeddedLogReader(root);
  const store = openImportDatabase(join(root, "imports.db"));
  const receiver = new ImportReceiver({
    plan,
    topics,
    secret: writer.secret,
    lookups: NO_LOOKUPS,
    log: {
      append: wrap((request) => writer.append(request)),
      ledger: (query) => log.ledger(query),
    },
    store,
    clock,
  });
  const rows = (): Record<string, unknown>[] =>
    [0, 1, 2].flatMap((partition) =>
      log.read({ topic: TOPIC, partition, from: 0 }).flatMap((batch) => {
        const found: Record<string, unknown>[] = [];
        for (let at = 0; at < batch.rows.length; at = rowEnd(layout, batch.rows, at)) {
          found.push(rowToObject(layout, batch.rows, at));
        }
        return found;
      }),
    );
  return {
    root,
    receiver,
    log,
    rows,
    advance: (ms: number) => {
      clock.advance(ms);
      new Float64Array(time)[0]! += ms;
    },
    close: async () => {
      await writer.close();
      store.close();
      log.close();
    },
  };
}

const row = (invoice: number, more: object = {}): string =>
  JSON.stringify({
    customer_id: "17850",
    event_type: "purchase",
    timestamp: "2010-12-01T08:26:00",
    invoice: String(invoice),
    stock_code: "85123A",
    quantity: "6",
    unit_price: "2.55",
    country: "United Kingdom",
    ...more,
  });

const batch = (lines: readonly string[], more: Partial<ImportBatch> = {}): ImportBatch => ({
  file: FILE,
  topic: TOPIC,
  reading: "one",
  first: 1,
  texts: true,
  isDryRun: false,
  body: Buffer.from(lines.map((line) => (line.endsWith("\n") ? line : `${line}\n`)).join("")),
  ...more,
});

const tally = ({ accepted, duplicate, quarantined, refused, skipped }: Record<string, unknown>) => [
  accepted,
  duplicate,
  quarantined,
  refused,
  skipped,
];

test("every line is accounted for, what isn't taken is kept byte for byte", async () => {
  const { receiver, rows, log, close } = await open();
  const uneven = Buffer.from("536365,\xff\n", "latin1");
  const lines = [
    row(1),
    "\n",
    row(2, { quantity: "six" }),
    "{nonsense",
    unreadableLine({ reason: "ROW_INVALID", bytes: uneven, message: "line 6 has 2 values" }),
    unreadableLine({ reason: "EVENT_TOO_LARGE", bytes: Buffer.alloc(0), message: "too large" }),
    row(3, { quantity: -1, unit_price: 0.1, extra: [1] }),
  ];
  const answer = await receiver.receive(batch(lines));
  assert.deepEqual(tally(answer.tally as never), [2, 0, 3, 1, 1]);
  assert.equal(answer.progress.rows, 7);
  assert.deepEqual(
    answer.problems.map(({ row: number, status, reason, field }) => [
      number,
      status,
      reason,
      field,
    ]),
    [
      [3, "quarantined", "FIELD_TYPE", "quantity"],
      [4, "quarantined", "EVENT_NOT_JSON", undefined],
      [5, "quarantined", "ROW_INVALID", undefined],
      [6, "refused", "EVENT_TOO_LARGE", undefined],
    ],
  );
  const kept = log.quarantined({ topic: TOPIC });
  assert.deepEqual(Buffer.from(kept.find(({ reason }) => reason === "ROW_INVALID")!.bytes), uneven);
  assert.equal(Buffer.from(kept[1]!.bytes).toString(), "{nonsense");
  const stored = rows();
  assert.deepEqual(stored.map((each) => each["event_id"]).toSorted(), [
    `${FILE.slice(0, 16)}:1`,
    `${FILE.slice(0, 16)}:7`,
  ]);
  for (const each of stored) {
    assert.equal(Number(each["_flags"]) & ROW_FLAGS.imported, ROW_FLAGS.imported);
    assert.equal(Number(each["_flags"]) & ROW_FLAGS.cleaned, 0);
  }
  const sums = new Map<string, number>();
  for (const { status, n } of log.ledger({ from: 0, to: Number.MAX_SAFE_INTEGER })) {
    sums.set(status, (sums.get(status) ?? 0) + n);
  }
  assert.deepEqual(Object.fromEntries(sums), { accepted: 2, in: 6, quarantined: 3, refused: 1 });
  await close();
});

test("a row is taken once: sent again, read otherwise, past the gate's horizon", async () => {
  const { receiver, rows, advance, close } = await open();
  const lines = [row(1), row(2, { country: null }), row(3)];
  const first = await receiver.receive(batch(lines));
  assert.deepEqual(tally(first.tally as never), [2, 0, 1, 0, 0]);
  advance(3_600_000);
  const again = await receiver.receive(batch(lines));
  assert.deepEqual(tally(again.tally as never), [0, 0, 0, 0, 0]);
  assert.deepEqual(tally(again.progress as never), [2, 0, 1, 0, 0]);
  const mended = [row(1), row(2), row(3)];
  const other = await receiver.receive(batch(mended, { reading: "two" }));
  assert.deepEqual(tally(other.tally as never), [1, 2, 0, 0, 0]);
  assert.equal(rows().length, 3);
  await assert.rejects(receiver.receive(batch(lines, { first: 5 })), { code: "IMPORT_FAILED" });
  await close();
});

test("an overlapping batch goes on where the import is", async () => {
  const { receiver, rows, close } = await open();
  const lines = Array.from({ length: 10 }, (_, index) => row(index));
  await receiver.receive(batch(lines.slice(0, 6)));
  const next = await receiver.receive(batch(lines.slice(4), { first: 5 }));
  assert.deepEqual(tally(next.tally as never), [4, 0, 0, 0, 0]);
  assert.equal((await receiver.complete(batch([]))).complete, true);
  assert.equal(rows().length, 10);
  await close();
});

for (const isCommitted of [true, false]) {
  test(`killed ${isCommitted ? "after" : "before"} the log's commit: nothing is lost or twice`, async () => {
    const lines = [
      row(1),
      row(2, { event_id: "own" }),
      row(3, { event_id: "own" }),
      row(4, { country: null }),
    ];
    const killed = await open(undefined, (append) => async (request) => {
      if (isCommitted) await append(request);
      throw new Error("killed");
    });
    await assert.rejects(killed.receiver.receive(batch(lines)), /killed/);
    await killed.close();
    const { receiver, rows, advance, close } = await open(killed.root);
    advance(86_400_000);
    const before = await receiver.progress(batch([]));
    assert.equal(before.rows, isCommitted ? 4 : 0);
    const { progress } = await receiver.receive(batch(lines));
    assert.deepEqual(tally(progress as never), [2, 1, 1, 0, 0]);
    assert.equal(progress.rows, 4);
    assert.equal(rows().length, 2);
    await close();
  });
}

test("zones: the field's own, else the import's, else a hint", async () => {
  const { receiver, rows, close } = await open();
  await receiver.receive(
    batch([row(1, { timestamp: "2011-07-01T12:00:00" })], { zone: "Asia/Tokyo" }),
  );
  // the field declares Europe/London, and that is what counts
  assert.equal(rows()[0]!["timestamp"], "2011-07-01T11:00:00.000Z");
  await assert.rejects(receiver.receive(batch([row(2)], { zone: "Mars/Olympus" })), {
    code: "IMPORT_FAILED",
    message: /no time zone/,
  });
  await assert.rejects(receiver.receive(batch([], { topic: "invoice" })), {
    code: "TOPIC_UNKNOWN",
    hint: /invoice-lines/,
  });
  await close();
});

test("a dry run tells what would be and changes nothing", async () => {
  const { receiver, rows, log, close } = await open();
  const lines = [row(1), row(2, { country: null })];
  const answer = await receiver.receive(batch(lines, { isDryRun: true }));
  assert.deepEqual(tally(answer.tally as never), [1, 0, 1, 0, 0]);
  assert.equal((await receiver.progress(batch([]))).rows, 0);
  assert.equal(rows().length, 0);
  assert.equal(log.ledger({ from: 0, to: Number.MAX_SAFE_INTEGER }).length, 0);
  await close();
});

test("a call without its parameters says which", async () => {
  const { receiver, close } = await open();
  const call = (method: string, query: string) =>
    answerImport(receiver, method, new URLSearchParams(query), Buffer.alloc(0));
  await assert.rejects(call("GET", "topic=x"), { code: "PARAMETER_INVALID", field: "file" });
  await assert.rejects(call("GET", `file=${FILE}`), { code: "PARAMETER_INVALID", field: "topic" });
  await assert.rejects(call("POST", `file=${FILE}&topic=${TOPIC}&first=0`), { field: "first" });
  await assert.rejects(call("PUT", `file=${FILE}&topic=${TOPIC}`), { code: "METHOD_NOT_ALLOWED" });
  const progress = await call("GET", `file=${FILE}&topic=${TOPIC}`);
  assert.equal((progress as { rows: number }).rows, 0);
  await close();
});
