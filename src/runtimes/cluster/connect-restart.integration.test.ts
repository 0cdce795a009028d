/** A worker of Kafka Connect is killed amid a database's changes, and the role that takes them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../engines/engine-test.ts";
import type { Replica } from "./replica.fixture.ts";
import { SourcesBed, until } from "./sources.fixture.ts";

const timeout = 450_000;
const ENGINES = ["kafka", "registry", "connect", "postgres"] as const;
const KEYS = 7;
const CHANGES = 400;

await engineSuite("changes over a restart", ENGINES, (addresses, cluster) => {
  const bed = new SourcesBed(addresses);
  const users = `${bed.prefix}.users`;
  let source: Replica | undefined;

  before(
    async () => {
      await bed.sql(
        `CREATE SCHEMA ${bed.prefix};
         CREATE TABLE ${users} (user_id BIGINT PRIMARY KEY, country TEXT, credit NUMERIC, since TIMESTAMPTZ);`,
      );
      await bed.open();
      await bed.deploy();
      source = await bed.start("source");
    },
    { timeout },
  );
  after(() => bed.close());

  /** The versions of each key, in the order of its partition; each is told by its number. */
  const told = async (): Promise<ReadonlyMap<string, readonly number[]>> => {
    const versions = new Map<string, number[]>();
    for (const { value } of await bed.cases.records(`${bed.prefix}.dim_users.raw`)) {
      const found = /K(\d+)V(\d+)\./.exec(Buffer.from(value!).toString("latin1"));
      if (found === null) continue;
      versions.set(found[1]!, [...(versions.get(found[1]!) ?? []), Number(found[2])]);
    }
    return versions;
  };
  const count = async (): Promise<number> =>
    [...(await told()).values()].reduce((all, each) => all + new Set(each).size, 0);

  describe("changes over a restart", () => {
    test("every change is told, each row's in their order", { timeout }, async () => {
      const changes = bed.sql(
        `DO $$ BEGIN FOR n IN 1..${CHANGES} LOOP
           INSERT INTO ${users} VALUES (n % ${KEYS}, 'K' || n % ${KEYS} || 'V' || n || '.')
             ON CONFLICT (user_id) DO UPDATE SET country = excluded.country;
           COMMIT;
           PERFORM pg_sleep(0.03);
         END LOOP; END $$`,
      );
      await until(async () => ((await count()) > CHANGES / 20 ? true : undefined));
      await cluster.kill("connect");
      await source!.kill();
      await bed.sql("SELECT 1");
      const again = bed.start("source", "again");
      await cluster.startAgain("connect");
      await Promise.all([changes, again]);
      await until(async () => ((await count()) === CHANGES ? true : undefined));
      for (const [key, versions] of await told()) {
        const all = Array.from({ length: CHANGES }, (_, at) => at + 1);
        // What was told again after the kill comes from where it was last known to be told.
        const firsts = [...new Set(versions)];
        assert.deepEqual(
          firsts,
          all.filter((n) => n % KEYS === Number(key)),
        );
        assert.equal(versions.at(-1), firsts.at(-1));
      }
    });
  });
});
