import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { manualClock } from "../../../core/clock.ts";
import { LIMITS } from "../../../core/limits.ts";
import { lakeSuite } from "../lake.suite.ts";
import type { LakeRange, StagedFile } from "../lake.ts";
import { S3Client, type S3Connection } from "./s3-client.ts";
import type { LakeCrashPoint } from "../objects/object-lake.ts";
import { openS3LakeReader } from "./s3-lake-reader.ts";
import { openS3Lake } from "./s3-lake.ts";

const NOON = Date.UTC(2025, 4, 3, 12);
const range = (from: number, to: number): LakeRange => ({
  topic: "clicks",
  partition: 2,
  from,
  to,
});

await engineSuite("the lake on S3", ["s3"], ({ s3 }) => {
  const bucket = `lake-${randomUUID()}`;
  const root = { ...s3, bucket };
  const folder = mkdtempSync(join(tmpdir(), "millrace-s3-"));

  /** A lake of its own below a prefix. */
  const newPlace = (): { connection: S3Connection; stagingDir: string } => {
    const prefix = `lakes/${randomUUID()}`;
    return { connection: { ...root, prefix }, stagingDir: join(folder, prefix) };
  };
  const keyOf = (path: string): string => path.slice(`s3://${bucket}/`.length);
  const stage = (dir: string, text: string): StagedFile => {
    const path = join(dir, "x.parquet");
    writeFileSync(path, text);
    const times = { minTime: NOON, maxTime: NOON, minReceivedAt: NOON, maxReceivedAt: NOON };
    return { path, date: "2025-05-02", rows: text.length, ...times };
  };

  before(async () => {
    const client = new S3Client(root);
    await client.put("", new Uint8Array());
    client.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  lakeSuite("the lake on S3", () => {
    const place = newPlace();
    const client = new S3Client(root);
    return {
      writer: ({ clock }) => openS3Lake({ ...place, clock }),
      reader: ({ clock }) => openS3LakeReader(place.connection, clock),
      read: async (path) => {
        const bytes = await client.get(keyOf(path));
        assert.ok(bytes !== undefined, `${path} isn't there`);
        return bytes;
      },
      dispose: () => client.close(),
    };
  });

  describe("the lake on S3, itself", () => {
    const clock = manualClock(NOON);

    test("of two writers at one offset one commits, and one that is behind never does", async () => {
      const place = newPlace();
      const open = (name: string) =>
        openS3Lake({ ...place, stagingDir: join(place.stagingDir, name), clock });
      const [one, other] = [await open("one"), await open("other")];
      const staged = async (lake: typeof one, each: LakeRange, text: string) => [
        stage(await lake.begin(each), text),
      ];
      const [ours, theirs] = [
        await staged(one, range(0, 10), "one"),
        await staged(other, range(0, 10), "other"),
      ];
      const tries = await Promise.allSettled([
        one.commit(range(0, 10), ours),
        other.commit(range(0, 10), theirs),
      ]);
      assert.deepEqual(tries.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
      const files = await one.files({ topic: "clicks" });
      assert.equal(files.length, 1);
      assert.match(
        files[0]!.path,
        /clicks\/date=2025-05-02\/p2-0{16}-0{14}10-[0-9a-f]{16}\.parquet$/,
      );
      await assert.rejects(other.commit(range(5, 20), []), { code: "INTERNAL" });
      await one.commit(range(10, 20), []);
      assert.deepEqual(await other.positions(), [{ topic: "clicks", partition: 2, offset: 20 }]);
      one.close();
      other.close();
    });

    test("a large file goes in parts, byte for byte", async () => {
      const place = newPlace();
      const lake = await openS3Lake({ ...place, clock });
      const dir = await lake.begin(range(0, 1));
      const path = join(dir, "large.parquet");
      const bytes = Buffer.alloc(2 * LIMITS.s3PartBytes + 12_345, "some bytes, ");
      writeFileSync(path, bytes);
      const [file] = await lake.commit(range(0, 1), [{ ...stage(dir, "x"), path }]);
      assert.equal(file!.bytes, bytes.length);
      const client = new S3Client(root);
      assert.ok((await client.get(keyOf(file!.path)))!.equals(bytes));
      client.close();
      lake.close();
    });

    test("a crash leaves the lake as it was or as it became, and nothing else", async () => {
      const place = newPlace();
      const stop = (at: LakeCrashPoint) => ({
        crashPoint: (name: LakeCrashPoint) => {
          if (name === at) throw new Error("stopped here");
        },
      });
      const client = new S3Client(place.connection);
      const objects = async () => {
        const { keys } = await client.list(`${place.connection.prefix}/`);
        return keys.map((key) => key.slice(place.connection.prefix!.length + 1));
      };
      let lake = await openS3Lake({ ...place, clock, ...stop("between-file-and-manifest") });
      const staged = async (each: LakeRange, text: string) => [stage(await lake.begin(each), text)];
      await assert.rejects(lake.commit(range(0, 2), await staged(range(0, 2), "ab")), /stopped/);
      lake.close();
      assert.deepEqual(await lake.files({ topic: "clicks" }), []);

      lake = await openS3Lake({ ...place, clock });
      assert.deepEqual(await lake.pending(), [range(0, 2)]);
      await lake.commit(range(0, 2), await staged(range(0, 2), "ab"));
      await lake.commit(range(2, 4), await staged(range(2, 4), "cd"));
      lake.close();
      const before = (await objects()).filter((key) => key.endsWith(".parquet"));
      assert.equal(before.length, 2);

      const merge = async (at: LakeCrashPoint) => {
        lake = await openS3Lake({ ...place, clock, ...stop(at) });
        const [wanted] = await lake.merges({ today: "2025-05-03", filesMax: 9, bytesMax: 99 });
        const file = stage(await lake.beginMerge(wanted!), "abcd");
        await assert.rejects(lake.commitMerge(wanted!, file), /stopped/);
        lake.close();
        lake = await openS3Lake({ ...place, clock });
        lake.close();
        return (await objects()).filter((key) => !/^_(commits|merges)\//.test(key));
      };
      assert.deepEqual(await merge("between-file-and-manifest"), before);
      const [merged, ...others] = await merge("between-manifest-and-garbage");
      assert.deepEqual(others, []);
      const files = await lake.files({ topic: "clicks" });
      assert.deepEqual(
        files.map(({ path, from, to, rows }) => [keyOf(path), from, to, rows]),
        [[`${place.connection.prefix}/${merged}`, 0, 4, 4]],
      );
      client.close();
    });

    test("merges are merged, and a reader that holds the files still reads them", async () => {
      const place = newPlace();
      const lake = await openS3Lake({ ...place, clock });
      for (const from of [0, 1, 2]) {
        await lake.commit(range(from, from + 1), [
          stage(await lake.begin(range(from, from + 1)), "x"),
        ]);
      }
      const query = { today: "2025-05-03", filesMax: 9, bytesMax: 2 };
      const [pair] = await lake.merges(query);
      assert.equal(await lake.commitMerge(pair!, stage(await lake.beginMerge(pair!), "xx")), true);
      const [all] = await lake.merges({ ...query, bytesMax: 3 });
      assert.equal(await lake.commitMerge(all!, stage(await lake.beginMerge(all!), "xxx")), true);
      const files = await lake.files({ topic: "clicks" });
      assert.deepEqual(
        files.map(({ from, to }) => [from, to]),
        [[0, 3]],
      );
      const fresh = openS3LakeReader(place.connection, clock);
      assert.deepEqual(await fresh.files({ topic: "clicks" }), files);
      fresh.close();
      lake.close();
    });

    test("a wrong key, an unknown bucket and a store that isn't there are told apart", async () => {
      const positions = async (more: Partial<S3Connection>) => {
        const lake = openS3LakeReader({ ...root, ...more }, clock);
        return lake.coverage("clicks").finally(() => lake.close());
      };
      await assert.rejects(positions({ secretKey: "wrong" }), {
        code: "CONFIG_INVALID",
        message: /SignatureDoesNotMatch/,
      });
      await assert.rejects(positions({ bucket: "nowhere" }), {
        code: "CONFIG_INVALID",
        hint: /make the bucket nowhere/,
      });
      await assert.rejects(positions({ endpoint: "http://127.0.0.1:1" }), {
        code: "LAKE_UNAVAILABLE",
        message: /ECONNREFUSED/,
      });
      await assert.rejects(positions({ endpoint: "127.0.0.1" }), { code: "CONFIG_INVALID" });
    });
  });
});
