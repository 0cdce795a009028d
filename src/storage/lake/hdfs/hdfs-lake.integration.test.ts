import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { manualClock } from "../../../core/clock.ts";
import { LIMITS } from "../../../core/limits.ts";
import { lakeSuite } from "../lake.suite.ts";
import { HdfsClient, type HdfsConnection } from "./hdfs-client.ts";
import { openHdfsLake, openHdfsLakeReader } from "./hdfs-lake.ts";

const NOON = Date.UTC(2025, 4, 3, 12);
const DAY_MS = 86_400_000;
const timeout = 120_000;

await engineSuite("the lake on HDFS", ["hdfs"], ({ hdfs }) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-hdfs-"));
  const run = `/lakes/${randomUUID()}`;
  after(async () => {
    const client = new HdfsClient({ ...hdfs, path: "/lakes" });
    await client.removeFolder(run.slice("/lakes/".length));
    client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const newPlace = (): { connection: HdfsConnection; stagingDir: string } => {
    const name = randomUUID();
    return { connection: { ...hdfs, path: `${run}/${name}` }, stagingDir: join(folder, name) };
  };

  lakeSuite("the lake on HDFS", () => {
    const place = newPlace();
    const client = new HdfsClient(place.connection);
    const root = client.url("");
    return {
      writer: ({ clock }) => openHdfsLake({ ...place, clock }),
      reader: ({ clock }) => openHdfsLakeReader(place.connection, clock),
      read: async (path) => {
        const bytes = await client.get(path.slice(root.length));
        assert.ok(bytes !== undefined, `${path} isn't there`);
        return bytes;
      },
      dispose: () => client.close(),
    };
  });

  describe("the lake on HDFS, itself", () => {
    test(
      "of many that create one object at once one does, and it is whole",
      { timeout },
      async () => {
        const client = new HdfsClient(newPlace().connection);
        const tries = Array.from({ length: 8 }, (_, at) =>
          client.create("a/b ä=~%.json", Buffer.alloc(1_000, String(at))),
        );
        const created = await Promise.all(tries);
        assert.deepEqual(
          created.filter((each) => each),
          [true],
        );
        const bytes = await client.get("a/b ä=~%.json");
        assert.equal(bytes!.toString(), String(created.indexOf(true)).repeat(1_000));
        assert.deepEqual((await client.list("_unfinished/")).keys, []);
        client.close();
      },
    );

    test(
      "a large file goes in parts, byte for byte; an empty one is there",
      { timeout },
      async () => {
        const client = new HdfsClient(newPlace().connection);
        const path = join(folder, "large");
        for (const length of [2 * LIMITS.s3PartBytes + 12_345, 0]) {
          const bytes = Buffer.alloc(length, "some bytes, ");
          writeFileSync(path, bytes);
          await client.upload("large", path, length);
          assert.ok((await client.get("large"))!.equals(bytes));
        }
        client.close();
      },
    );

    test("a listing is in the order of keys, and goes on after one", { timeout }, async () => {
      const client = new HdfsClient(newPlace().connection);
      for (const key of ["f/2", "f/1", "f/3/x", "g/1"]) await client.put(key, Buffer.from(key));
      assert.deepEqual(await client.list("f/"), { keys: ["f/1", "f/2", "f/3/x"], folders: [] });
      assert.deepEqual((await client.list("f/", { startAfter: "f/1" })).keys, ["f/2", "f/3/x"]);
      assert.deepEqual((await client.list("", { folders: true })).folders, [
        "_unfinished/",
        "f/",
        "g/",
      ]);
      assert.deepEqual(await client.list("nothing/"), { keys: [], folders: [] });
      client.close();
    });

    test("what a writer that ended has left is removed after a day", { timeout }, async () => {
      const place = newPlace();
      const client = new HdfsClient(place.connection);
      await client.put("_unfinished/left", Buffer.from("half a file"));
      const left = async (nowMs: number): Promise<readonly string[]> => {
        (await openHdfsLake({ ...place, clock: manualClock(nowMs) })).close();
        return (await client.list("_unfinished/")).keys;
      };
      assert.deepEqual(await left(Date.now()), ["_unfinished/left"]);
      assert.deepEqual(await left(Date.now() + 2 * DAY_MS), []);
      client.close();
    });

    test(
      "somebody who may not write and a NameNode that isn't there are told apart",
      { timeout },
      async () => {
        const open = (more: Partial<HdfsConnection>) => {
          const place = newPlace();
          const clock = manualClock(NOON);
          return openHdfsLake({
            ...place,
            clock,
            connection: { ...place.connection, ...more },
          }).then((lake) => lake.begin({ topic: "t", partition: 0, from: 0, to: 1 }));
        };
        await assert.rejects(open({ user: "stranger" }), {
          code: "CONFIG_INVALID",
          message: /AccessControlException/,
        });
        await assert.rejects(open({ url: "http://127.0.0.1:1" }), {
          code: "LAKE_UNAVAILABLE",
          message: /ECONNREFUSED/,
        });
        await assert.rejects(open({ url: "namenode:9870" }), { code: "CONFIG_INVALID" });
      },
    );
  });
});
