import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { HdfsClient } from "../src/storage/lake/hdfs/hdfs-client.ts";
import { engineSuite } from "./engine-test.ts";

await engineSuite("HDFS", ["hdfs"], ({ hdfs }, cluster) => {
  test("a file is there after both servers were killed", { timeout: 180_000 }, async () => {
    const client = new HdfsClient({ ...hdfs, path: `/engines-${randomUUID()}` });
    await client.put("a/b", Buffer.from("a file"));
    const parts = ["hdfs-namenode", "hdfs-datanode"];
    for (const part of parts) await cluster.kill(part);
    // The second is ready when the first knows of all that it has.
    for (const part of parts) await cluster.startAgain(part);
    assert.equal(String(await client.get("a/b")), "a file");
    await client.put("a/c", Buffer.from("another"));
    assert.deepEqual((await client.list("a/")).keys, ["a/b", "a/c"]);
    await client.removeFolder("");
    client.close();
  });
});
