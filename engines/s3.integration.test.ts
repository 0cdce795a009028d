import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { s3Request } from "./s3.fixture.ts";

await engineSuite("S3", ["s3"], ({ s3 }, cluster) => {
  test("an object is there after the server was killed", async () => {
    const bucket = `/engines-${randomUUID()}`;
    const send = async (method: "GET" | "PUT", path: string, text?: string): Promise<string> => {
      const body = { at: new Date(), ...(text === undefined ? {} : { text }) };
      const answer = await s3Request(s3, method, path, body);
      const answered = await answer.text();
      assert.equal(answer.status, 200, answered);
      return answered;
    };
    await send("PUT", bucket);
    await send("PUT", `${bucket}/a/b`, "an object");
    await cluster.kill("s3");
    await cluster.startAgain("s3");
    assert.equal(await send("GET", `${bucket}/a/b`), "an object");
  });
});
