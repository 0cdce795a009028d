import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { answersTcp } from "./tcp-ready.ts";

await engineSuite("Redis", ["redis"], ({ redis }, cluster) => {
  const { port, password } = new URL(redis.url);
  const key = `engines:${randomUUID()}`;

  test("a command needs the password", async () => {
    assert.ok(await answersTcp(Number(port), "PING\r\n", (answer) => answer.includes("-NOAUTH")));
  });

  test("a value is there after the server was killed", async () => {
    const commands = (text: string): string => `AUTH ${password}\r\n${text}\r\n`;
    const set = commands(`SET ${key} kept`);
    assert.ok(await answersTcp(Number(port), set, (answer) => answer.includes("+OK\r\n+OK")));
    await cluster.kill("redis");
    await cluster.startAgain("redis");
    const get = commands(`GET ${key}`);
    assert.ok(await answersTcp(Number(port), get, (answer) => answer.includes("$4\r\nkept")));
  });
});
