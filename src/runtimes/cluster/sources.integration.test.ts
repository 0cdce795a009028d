/** From a row of PostgreSQL, by Debezium, to the collectors and the warehouse. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../engines/engine-test.ts";
import type { Replica } from "./replica.fixture.ts";
import { SourcesBed, until } from "./sources.fixture.ts";

const timeout = 400_000;
const ENGINES = ["kafka", "registry", "connect", "postgres"] as const;

await engineSuite("rows of a database", ENGINES, (addresses) => {
  const bed = new SourcesBed(addresses);
  const users = `${bed.prefix}.users`;
  let collect: Replica | undefined;

  before(
    async () => {
      await bed.sql(
        `CREATE SCHEMA ${bed.prefix};
         CREATE TABLE ${users} (user_id BIGINT PRIMARY KEY, country TEXT DEFAULT 'SI', credit NUMERIC(20, 4),
           since TIMESTAMP(6), secret TEXT DEFAULT 'hidden', bio TEXT);
         INSERT INTO ${users} (user_id, country, credit, since) VALUES (1, 'at', 1234567890123456.0001, '2026-01-02 03:04:05.678901'),
           (2, NULL, NULL, NULL);`,
      );
      await bed.open({ sources: [{ kind: "file", path: bed.lines, topic: "visits" }] });
      await bed.deploy();
      collect = await bed.start("collect");
      await Promise.all(["stream", "source", "load"].map((role) => bed.start(role)));
    },
    { timeout },
  );
  after(() => bed.close());

  const newest = (): Promise<readonly User[]> =>
    bed.query<User>(
      "SELECT user_id, country, toString(credit) AS credit, toString(since) AS since FROM dim_users__newest ORDER BY user_id",
    );
  /** The row of a user, once it is as it should be. */
  const becomes = async (id: string, row: Omit<User, "user_id"> | undefined): Promise<void> => {
    const expected = row === undefined ? undefined : { user_id: id, ...row };
    await until(async () => {
      const found = (await newest()).find((each) => each.user_id === id);
      return JSON.stringify(found) === JSON.stringify(expected) ? true : undefined;
    });
  };
  const visit = async (who: string): Promise<void> => {
    const event = { id: randomUUID(), at: new Date().toISOString(), who, page: "/" };
    const answer = await post("/v1/events", event);
    assert.equal(answer.accepted, 1, JSON.stringify(answer));
  };
  const post = async (path: string, body: object): Promise<Answer> => {
    const answer = await fetch(collect!.url + path, {
      method: "POST",
      headers: { authorization: "Bearer dev" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Answer;
  };
  /** Whether the collector knows a user: an event of somebody unknown breaks a rule. */
  const isKnown = async (who: string): Promise<boolean> => {
    const before = await broken();
    await visit(who);
    return (await broken()) === before;
  };
  const broken = async (): Promise<number> => {
    const figures = await (await fetch(`${collect!.url}/metrics`)).text();
    return Number(/rules_broken_total\{rule="known"\} (\d+)/.exec(figures)?.[1] ?? 0);
  };
  const quarantined = async (topic: string): Promise<readonly string[]> =>
    (await bed.cases.records(`${bed.prefix}.${topic}.quarantine`)).map(({ value }) =>
      Buffer.from(value!).toString(),
    );

  describe("rows of a database", () => {
    test("what was there before is there, value by value", { timeout }, async () => {
      await becomes("1", {
        country: "AT",
        credit: "1234567890123456.0001",
        since: "2026-01-02 03:04:05.678",
      });
      // A null stays one, though the column has a default.
      await becomes("2", { country: null, credit: null, since: null });
      await until(async () => ((await isKnown("1")) ? true : undefined));
      assert.equal(await isKnown("3"), false);
    });

    test("insert, update and delete are told", { timeout }, async () => {
      await bed.sql(`INSERT INTO ${users} (user_id, country) VALUES (3, 'de')`);
      await becomes("3", { country: "DE", credit: null, since: null });
      await until(async () => ((await isKnown("3")) ? true : undefined));
      await bed.sql(`UPDATE ${users} SET country = 'fr', credit = 0.1 WHERE user_id = 3`);
      await becomes("3", { country: "FR", credit: "0.1", since: null });
      await bed.sql(`DELETE FROM ${users} WHERE user_id = 3`);
      await becomes("3", undefined);
      await until(async () => ((await isKnown("3")) ? undefined : true));
      await bed.sql(`INSERT INTO ${users} (user_id, country) VALUES (3, 'it')`);
      await becomes("3", { country: "IT", credit: null, since: null });
      // Every version is kept, for models of the days that it was of.
      const [versions] = await bed.query<{ readonly n: string }>(
        "SELECT count() AS n FROM dim_users WHERE user_id = '3'",
      );
      assert.equal(Number(versions!.n), 4);
    });

    test("a changed key is another row", { timeout }, async () => {
      await bed.sql(`UPDATE ${users} SET user_id = 20 WHERE user_id = 2`);
      await becomes("20", { country: null, credit: null, since: null });
      await becomes("2", undefined);
    });

    test("only the columns that are fields leave the database", { timeout }, async () => {
      await bed.sql(`UPDATE ${users} SET secret = 'much', country = 'be' WHERE user_id = 1`);
      await becomes("1", {
        country: "BE",
        credit: "1234567890123456.0001",
        since: "2026-01-02 03:04:05.678",
      });
      const changes = `${bed.prefix}.millrace.source.dim_users.${users}`;
      const records = await bed.cases.records(changes);
      assert.ok(records.length > 0);
      for (const { value } of records) {
        const text = Buffer.from(value!).toString();
        assert.doesNotMatch(text, /secret|hidden|much/);
        assert.match(text, /"lsn":\d+/);
      }
    });

    test("what breaks a rule is kept as it came", { timeout }, async () => {
      await bed.sql(`INSERT INTO ${users} (user_id, country) VALUES (4, 'xx')`);
      const [kept] = await until(async () => {
        const all = await quarantined("dim_users");
        return all.length > 0 ? all : undefined;
      });
      assert.match(kept!, /"after":\{"user_id":4,"country":"xx"/);
      assert.equal(
        (await newest()).some(({ user_id: id }) => id === "4"),
        false,
      );
    });

    test("no other way leads into the table", { timeout }, async () => {
      const row = { user_id: "1", country: "US" };
      for (const path of ["/v1/events?topic=dim_users", "/v1/tables/dim_users"]) {
        const { error } = await post(path, row);
        assert.equal(error?.code, "TABLE_HAS_SOURCE");
        assert.match(error.message, /come from .*\.users of a database/);
      }
      await post("/v1/identify", { userId: "1", traits: { country: "US" }, messageId: "m" });
      const figures = await (await fetch(`${collect!.url}/metrics`)).text();
      assert.match(figures, /events_total\{protocol="segment",fate="refused"\} 1/);
    });

    test(
      "added columns pass by, a dropped one is a problem that says so",
      { timeout },
      async () => {
        await bed.sql(
          `ALTER TABLE ${users} ADD COLUMN mood TEXT DEFAULT 'good';
         INSERT INTO ${users} (user_id, country) VALUES (5, 'nl')`,
        );
        await becomes("5", { country: "NL", credit: null, since: null });
        const before = (await quarantined("dim_users")).length;
        await bed.sql(
          `ALTER TABLE ${users} DROP COLUMN credit; INSERT INTO ${users} (user_id, country) VALUES (6, 'no')`,
        );
        await until(async () =>
          (await quarantined("dim_users")).length > before ? true : undefined,
        );
        await bed.sql(
          `ALTER TABLE ${users} ADD COLUMN credit TEXT; INSERT INTO ${users} (user_id, country, credit) VALUES (7, 'no', 'much'), (8, 'no', '2')`,
        );
        await becomes("8", { country: "NO", credit: "2", since: null });
        const kept = await quarantined("dim_users");
        assert.equal(kept.length, before + 2, kept.join("\n"));
      },
    );

    test("a file's lines arrive once each, a broken one is kept", { timeout }, async () => {
      const lines = Array.from({ length: 500 }, (_, n) =>
        JSON.stringify({ id: `line-${n}`, at: new Date().toISOString(), who: "1", page: "/é" }),
      );
      bed.append([...lines.slice(0, 300), "{no JSON", ...lines.slice(300)]);
      const ofLines = "FROM visits WHERE startsWith(id, 'line-')";
      await until(async () => {
        const [row] = await bed.query<{ readonly n: string }>(
          `SELECT uniqExact(id) AS n ${ofLines}`,
        );
        return Number(row!.n) === lines.length ? true : undefined;
      });
      const [row] = await bed.query<{ readonly n: string }>(`SELECT count() AS n ${ofLines}`);
      assert.equal(Number(row!.n), lines.length);
      assert.deepEqual(await quarantined("visits"), ["{no JSON"]);
    });

    test(
      "a second deployment changes nothing; one without the table removes",
      { timeout },
      async () => {
        const deployed = async (): Promise<readonly string[]> =>
          (await bed.deploy()).map(({ kind, did }) => `${kind} ${did}`);
        assert.deepEqual(await deployed(), []);
        const slots = (): Promise<string> =>
          bed.sql(
            `SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '${bed.prefix}%'`,
          );
        assert.equal((await slots()).trim(), "1");
        bed.define({ table: false });
        assert.deepEqual(await deployed(), [
          "connector removed: it isn't in the definition any more",
        ]);
        assert.equal((await slots()).trim(), "0");
      },
    );
  });
});

interface User {
  readonly user_id: string;
  readonly country: string | null;
  readonly credit: string | null;
  readonly since: string | null;
}

interface Answer {
  readonly accepted?: number;
  readonly error?: { readonly code: string; readonly message: string };
}
