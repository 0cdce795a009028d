import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  ask,
  removeFolder,
  send,
  startRunning,
  temporaryFolder,
  type Running,
} from "./running.fixture.ts";

const timeout = 120_000;
const folder = temporaryFolder("hostile");
let running: Running;
before(async () => void (running = await startRunning({ data: folder })), { timeout });
after(async () => {
  await running.stop();
  removeFolder(folder);
});

const event = (id: string) => ({
  event_id: id,
  user_id: "u",
  event_type: "click",
  timestamp: new Date().toISOString(),
});

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(running, "/v1/events?topic=user-events", {
    method: "POST",
    headers: { authorization: "Bearer dev", ...headers },
    body,
  });

test("slow bodies hold nobody up", { timeout }, async (t) => {
  const slow = await Promise.all(Array.from({ length: 200 }, () => rawSocket()));
  t.after(() => slow.forEach((socket) => socket.destroy()));
  for (const socket of slow) socket.write(head("POST", "/v1/events", "content-length: 1000") + "{");
  await watched("200 slow bodies", async () => {
    assert.equal((await send(running, "user-events", [event("beside-slow")])).json.accepted, 1);
  });
});

test("uploads that break off are forgotten", { timeout }, async () => {
  await watched("200 aborted uploads", async () => {
    for (let n = 0; n < 200; n++) {
      const socket = await rawSocket();
      socket.write(head("POST", "/v1/events", "content-length: 4000000"));
      await new Promise((resolve) => socket.write(Buffer.alloc(20_000, 0x20), resolve));
      socket.destroy();
    }
  });
  assert.equal((await send(running, "user-events", [event("after-aborts")])).json.accepted, 1);
});

test(
  "100 bodies of 8 MB at once: each is answered, memory stays bounded",
  { timeout },
  async () => {
    const body = Buffer.alloc(8 * 1024 * 1024 - 1024, " ");
    body.write(JSON.stringify(event("large-body")));
    const statuses = await watched("100 bodies of 8 MB", () =>
      Promise.all(
        Array.from({ length: 100 }, () =>
          post(body).then(
            ({ status, headers }) => {
              if (status === 429) assert.match(headers.get("retry-after") ?? "", /^\d+$/);
              return status;
            },
            () => 0, // refused before it was read: the connection was closed under it
          ),
        ),
      ),
    );
    const counts = Map.groupBy(statuses, (status) => status);
    console.log([...counts].map(([status, all]) => `${status}: ${all.length}`).join(", "));
    assert.ok(statuses.every((status) => [0, 200, 429].includes(status)));
    assert.ok((counts.get(200)?.length ?? 0) > 0);
  },
);

test(
  "bombs, wrong encodings and torn compression are refused with a reason",
  { timeout },
  async () => {
    const bomb = gzipSync(Buffer.alloc(512 * 1024 * 1024, " "));
    await watched("20 gzip bombs of 512 MB", async () => {
      for (let n = 0; n < 20; n++) {
        const { status, json } = await post(bomb);
        assert.equal(status, 413);
        assert.equal(json.error.code, "BODY_TOO_LARGE");
      }
    });
    const whole = gzipSync(JSON.stringify(event("torn")));
    for (const [body, encoding] of [
      [whole.subarray(0, 20), "gzip"],
      [Buffer.concat([whole.subarray(0, 12), Buffer.from("garbage")]), "gzip"],
      [Buffer.from("not brotli"), "br"],
    ] as const) {
      const { json } = await post(Uint8Array.from(body), { "content-encoding": encoding });
      assert.equal(json.error.code, "ENCODING_INVALID");
    }
  },
);

test("what isn't HTTP is answered in the one form and closed", { timeout }, async () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["no HTTP at all", "hello\r\n\r\n", 400],
    ["a method unheard of", head("FOO", "/v1/metrics"), 400],
    ["bad chunking", `${head("POST", "/v1/events", "transfer-encoding: chunked")}zz\r\nx\r\n`, 400],
    ["two lengths", head("POST", "/v1/events", "content-length: 1\r\ncontent-length: 2"), 400],
    [
      "length and chunks",
      head("POST", "/v1/events", "content-length: 4\r\ntransfer-encoding: chunked"),
      400,
    ],
    ["no host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
    ["a flood of headers", head("GET", "/", `x: ${"a".repeat(100_000)}`), 431],
    ["a long path", head("GET", `/${"a".repeat(100_000)}`), 431],
  ];
  for (const [name, bytes, status] of cases) {
    const answer = await exchange(bytes);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${name}: ${answer}`);
    assert.match(answer, /"error":\{"code":/, `${name}: ${answer}`);
  }
});

test(
  "odd but allowed: Expect, pipelining, strange paths, absolute addresses",
  { timeout },
  async () => {
    const body = JSON.stringify(event("expect"));
    const expecting = await exchange(
      `${head("POST", "/v1/events", `expect: 100-continue\r\ncontent-length: ${body.length}\r\nconnection: close`)}${body}`,
    );
    assert.match(expecting, /^HTTP\/1\.1 100 Continue[^]*HTTP\/1\.1 200 OK[^]*"accepted":1/);
    const pipelined = await exchange(
      head("GET", "/healthz").repeat(50) + head("GET", "/healthz", "connection: close"),
    );
    assert.equal(pipelined.match(/HTTP\/1\.1 200 OK/g)?.length, 51);
    for (const path of [
      "/%ff%fe",
      "/v1/trace/%ff",
      "/v1/metrics/%",
      "//",
      "/..%2f..%2fetc/passwd",
      "/v1/metrics/__proto__",
      "/page/../../package.json",
      "/v1/tables/%zz",
      "/registry/subjects/%",
      "http://x:y/%",
    ]) {
      const answer = await exchange(
        `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 (400|404|405) /, `${path}: ${answer.slice(0, 200)}`);
      assert.match(answer, /"error(_code)?":/, path);
    }
    for (const path of ["//v1/events", "/v1/events?%", "http://[/v1/events", "/v1/t/../events"]) {
      const answer = await exchange(
        head("POST", path, "content-length: 2\r\nconnection: close") + "{}",
      );
      assert.match(answer, /^HTTP\/1\.1 [2-4]\d\d /, `${path}: ${answer.slice(0, 200)}`);
    }
  },
);

test("10,000 small requests are accepted, once each", { timeout }, async () => {
  const before = await accepted();
  await watched("10,000 small requests", async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, worker) => {
        for (let n = 0; n < 200; n++) {
          const { json } = await send(running, "user-events", [event(`tiny-${worker}-${n}`)]);
          assert.equal(json.accepted, 1);
        }
      }),
    );
  });
  assert.equal((await accepted()) - before, 10_000);
});

test(
  "after all of it the processes are the same, and the ledger balances",
  { timeout },
  async () => {
    const { text, json } = await ask(running, "/v1/ledger");
    assert.equal(json.balanced, true, text);
    for (const pid of Object.values(running.pids)) process.kill(pid, 0);
    assert.doesNotMatch(running.said(), /ended \(|INTERNAL/, running.said());
  },
);

async function accepted(): Promise<number> {
  const { json } = await ask(running, "/v1/ledger?topic=user-events");
  return (json.minutes as { accepted: number }[]).reduce((sum, each) => sum + each.accepted, 0);
}

/** Asks `/healthz` all the while; prints the slowest answer and main's peak memory. */
async function watched<T>(name: string, attack: () => Promise<T>): Promise<T> {
  let slowestMs = 0;
  let isOver = false;
  const health = (async () => {
    while (!isOver) {
      const beganMs = performance.now();
      assert.equal((await ask(running, "/healthz")).status, 200);
      slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    return await attack();
  } finally {
    isOver = true;
    await health;
    console.log(`${name}: /healthz took ${slowestMs.toFixed(0)} ms at most, ${peakText()}`);
  }
}

/** Linux tells the peak of resident memory; elsewhere it isn't looked at. */
function peakText(): string {
  if (process.platform !== "linux") return "peak memory not measured";
  const status = readFileSync(`/proc/${running.pids.main}/status`, "utf8");
  const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
  assert.ok(peakMb < 1_024, `main took ${peakMb} MB`);
  return `main's peak memory ${peakMb.toFixed(0)} MB`;
}

const head = (method: string, path: string, more = ""): string =>
  `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer dev\r\n${more === "" ? "" : `${more}\r\n`}\r\n`;

async function rawSocket(): Promise<Socket> {
  const { port, hostname } = new URL(running.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined); // a reset is one of the answers
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Sends bytes and gives all that comes back until the other side closes. */
async function exchange(bytes: string): Promise<string> {
  const socket = await rawSocket();
  let answer = "";
  socket.setEncoding("latin1").on("data", (part: string) => (answer += part));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(bytes, "latin1");
  await closed;
  return answer;
}
