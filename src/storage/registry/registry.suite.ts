import assert from "node:assert/strict";
import { describe } from "node:test";
import { contractTests, type Gaps } from "../contract-tests.ts";
import type { Registry, SchemaText } from "./registry.ts";
import { registerAll } from "./register-all.ts";

/** What the suite needs of an adapter. */
export interface RegistrySuiteOptions {
  readonly name: string;
  /** An empty registry of its own; `reopen` closes it and opens the same data again. */
  readonly open: () => Promise<{
    readonly registry: Registry;
    readonly reopen: () => Promise<Registry>;
    readonly dispose: () => Promise<void>;
  }>;
  readonly gaps?: Gaps;
}

const avro = (...fields: object[]): SchemaText => ({
  schemaType: "AVRO",
  schema: JSON.stringify({ type: "record", name: "Event", fields }),
});
const id = { name: "id", type: "string" };
const price = (scale: number) => ({
  name: "price",
  type: { type: "bytes", logicalType: "decimal", precision: 18, scale },
});
const optional = (name: string) => ({ name, type: ["null", "string"], default: null });

/** The contract of the `Registry` port. */
export function registrySuite({ name, open, gaps }: RegistrySuiteOptions): void {
  const contract = contractTests(gaps);
  const test = (
    title: string,
    body: (r: Registry, reopen: () => Promise<Registry>) => Promise<void>,
  ) =>
    contract.test(title, async () => {
      const { registry, reopen, dispose } = await open();
      try {
        await body(registry, reopen);
      } finally {
        await dispose();
      }
    });

  describe(`registry: ${name}`, () => {
    test("gives one id to one schema under all subjects, and versions from 1", async (registry) => {
      const a1 = await registry.register("a", avro(id));
      const b1 = await registry.register("b", avro(id));
      const a2 = await registry.register("a", avro(id, optional("x")));
      assert.deepEqual([a1.version, b1.version, a2.version], [1, 1, 2]);
      assert.equal(a1.id, b1.id);
      assert.notEqual(a1.id, a2.id);
      assert.deepEqual(await registry.usages(a1.id, "exclude"), [
        { subject: "a", version: 1 },
        { subject: "b", version: 1 },
      ]);
    });

    test("changes nothing when a schema is registered again", async (registry) => {
      const once = await registry.register("a", avro(id));
      const spaced = { ...avro(id), schema: JSON.stringify(JSON.parse(avro(id).schema), null, 2) };
      assert.deepEqual(await registry.register("a", spaced), once);
      assert.deepEqual(await registry.versions("a", "include"), [1]);
    });

    test("takes schemas that differ in doc for one only when asked to normalise", async (registry) => {
      const plain = await registry.register("a", avro(id));
      const documented = avro({ ...id, doc: "who" });
      assert.deepEqual(await registry.register("a", documented, { normalize: true }), plain);
      assert.equal(await registry.lookup("a", documented), undefined);
      assert.equal((await registry.register("a", documented)).version, 2);
    });

    test("keeps schemas apart that differ in a default or a logical type", async (registry) => {
      await registry.configure("a", { level: "NONE" });
      const normalize = { normalize: true };
      await registry.register("a", avro(id, price(2)), normalize);
      assert.equal((await registry.register("a", avro(id, price(4)), normalize)).version, 2);
      assert.equal(
        (await registry.register("a", avro({ ...id, default: "" }), normalize)).version,
        3,
      );
    });

    test("survives closing and opening", async (registry, reopen) => {
      const saved = await registry.register("a", avro(id));
      await registry.configure("a", { level: "FULL_TRANSITIVE" });
      await registry.configure(undefined, { level: "NONE" });
      const again = await reopen();
      assert.deepEqual(await again.version("a", "latest"), saved);
      assert.deepEqual(
        await again.schema({ guid: saved.guid }),
        await again.schema({ id: saved.id }),
      );
      assert.equal((await again.settings("a")).level, "FULL_TRANSITIVE");
      assert.equal((await again.settings(undefined)).level, "NONE");
    });

    test("refuses what breaks the level, naming the field, and stores nothing", async (registry) => {
      await registry.configure("a", { level: "BACKWARD" });
      await registry.register("a", avro(id));
      await assert.rejects(registry.register("a", avro(id, { name: "n", type: "int" })), {
        code: "SCHEMA_INCOMPATIBLE",
        field: "n",
        hint: "Make the field optional, or give it a default.",
      });
      assert.deepEqual(await registry.versions("a", "include"), [1]);
    });

    test("freezes the scale of a decimal at every level but NONE", async (registry) => {
      for (const level of ["BACKWARD", "FORWARD", "FULL", "FULL_TRANSITIVE"] as const) {
        await registry.configure(level, { level });
        await registry.register(level, avro(id, price(4)));
        await assert.rejects(registry.register(level, avro(id, price(2))), {
          code: "SCHEMA_INCOMPATIBLE",
          field: "price",
        });
      }
    });

    test("compares two schemas that are registered at once with one another", async (registry) => {
      await registry.configure("a", { level: "FULL" });
      const tries = await Promise.allSettled(
        [2, 4].map((scale) => registry.register("a", avro(id, price(scale)))),
      );
      const [refused, ...others] = tries.filter((each) => each.status === "rejected");
      assert.equal(others.length, 0);
      assert.equal((refused?.reason as { code: string } | undefined)?.code, "SCHEMA_INCOMPATIBLE");
      assert.equal((await registry.versions("a", "exclude")).length, 1);
    });

    test("looks past the newest version only at a transitive level", async (registry) => {
      await registry.configure("a", { level: "NONE" });
      await registry.register("a", avro(id, { name: "x", type: "int" }));
      await registry.register("a", avro(id));
      const next = avro(id, { name: "x", type: "string", default: "" });
      await registry.configure("a", { level: "BACKWARD" });
      assert.deepEqual(await registry.check("a", "all", next), []);
      assert.equal((await registry.check("a", 1, next)).length, 1);
      await registry.configure("a", { level: "BACKWARD_TRANSITIVE" });
      const [found] = await registry.check("a", "all", next);
      assert.deepEqual([found?.version, found?.path, found?.kind], [1, "x", "TYPE_CHANGED"]);
    });

    test("takes the level of all subjects where one has none", async (registry) => {
      assert.equal((await registry.settings("a")).level, undefined);
      await registry.register("a", avro(id));
      const other = avro({ name: "other", type: "int" });
      await registry.configure(undefined, { level: "FULL" });
      await assert.rejects(registry.register("a", other), { code: "SCHEMA_INCOMPATIBLE" });
      await registry.configure(undefined, { level: "NONE" });
      assert.equal((await registry.register("a", other)).version, 2);
    });

    test("begins with the level BACKWARD", async (registry) => {
      assert.equal((await registry.settings(undefined)).level, "BACKWARD");
      await registry.configure(undefined, { level: "FULL" });
      await registry.configure(undefined, { level: null });
      assert.equal((await registry.settings(undefined)).level, "BACKWARD");
      await registry.register("a", avro(id));
      await assert.rejects(registry.register("a", avro(id, { name: "n", type: "int" })), {
        code: "SCHEMA_INCOMPATIBLE",
      });
    });

    test("a subject that has no level shows none, whatever that of all is", async (registry) => {
      await registry.register("a", avro(id));
      assert.deepEqual(await registry.settings("a"), {});
    });

    test("deletes softly, then for good", async (registry) => {
      const one = await registry.register("a", avro(id));
      await registry.register("a", avro(id, optional("x")));
      assert.deepEqual(await registry.deleteVersion("a", 1, true), {
        ok: false,
        reason: "not-deleted",
      });
      assert.deepEqual(await registry.deleteVersion("a", 1, false), { ok: true, versions: [1] });
      assert.equal(await registry.version("a", 1), undefined);
      assert.equal((await registry.version("a", 1, { deleted: true }))?.deleted, true);
      assert.equal((await registry.schema({ id: one.id }))?.schema, avro(id).schema);
      assert.deepEqual(await registry.deleteVersion("a", 1, false), {
        ok: false,
        reason: "already-deleted",
      });
      const again = await registry.register("a", avro(id));
      assert.deepEqual([again.version, again.id], [3, one.id]);
      assert.deepEqual(await registry.deleteSubject("a", false), { ok: true, versions: [2, 3] });
      assert.deepEqual(await registry.subjects("exclude"), []);
      assert.deepEqual(await registry.subjects("only"), ["a"]);
      assert.deepEqual(await registry.deleteSubject("a", true), { ok: true, versions: [1, 2, 3] });
      assert.deepEqual(await registry.subjects("include"), []);
    });

    test("never gives a version twice, not even after a deletion for good", async (registry) => {
      await registry.register("a", avro(id));
      await registry.deleteSubject("a", false);
      await registry.deleteSubject("a", true);
      assert.equal((await registry.register("a", avro(id))).version, 2);
    });

    test("forgets a schema with its last version, and never gives its id again", async (registry) => {
      const one = await registry.register("a", avro({ ...id, doc: "nobody else has this" }));
      await registry.deleteSubject("a", false);
      assert.ok(await registry.schema({ id: one.id }));
      await registry.deleteSubject("a", true);
      assert.equal(await registry.schema({ id: one.id }), undefined);
      assert.notEqual((await registry.register("a", avro(id))).id, one.id);
    });

    test("keeps metadata and rules, which are part of a schema", async (registry) => {
      const owned = { ...avro(id), metadata: `{"properties":{"owner":"shop"}}` };
      await registry.register("a", avro(id));
      const registered = await registry.register("a", owned);
      assert.deepEqual([registered.version, registered.metadata], [2, owned.metadata]);
      assert.equal((await registry.lookup("a", avro(id)))?.version, 1);
    });

    test("reads references, and keeps what is referred to", async (registry) => {
      await registry.register("place", {
        schemaType: "AVRO",
        schema: `{"type":"record","name":"Place","fields":[{"name":"city","type":"string"}]}`,
      });
      const user: SchemaText = {
        ...avro(id, { name: "home", type: "Place" }),
        references: [{ name: "Place", subject: "place", version: 1 }],
      };
      const registered = await registry.register("user", user);
      assert.deepEqual(registered.references, user.references);
      assert.deepEqual(await registry.referencedBy("place", 1), [registered.id]);
      assert.deepEqual(await registry.deleteVersion("place", 1, false), {
        ok: false,
        reason: "referenced",
      });
      const absent = [{ name: "Place", subject: "nowhere", version: 1 }];
      await assert.rejects(registry.register("user", { ...user, references: absent }), {
        code: "SCHEMA_INVALID",
      });
    });

    test("takes no schema in READONLY mode", async (registry) => {
      await registry.register("a", avro(id));
      await registry.configure("a", { mode: "READONLY" });
      assert.equal((await registry.register("a", avro(id))).version, 1);
      await assert.rejects(registry.register("a", avro(id, optional("x"))), { code: "FORBIDDEN" });
    });

    test("refuses what isn't a schema", async (registry) => {
      for (const schema of ["", "{", `{"type":"nothing"}`, `"Absent"`, "[".repeat(5000)]) {
        await assert.rejects(registry.register("a", { schemaType: "AVRO", schema }), {
          code: "SCHEMA_INVALID",
        });
      }
      assert.deepEqual(await registry.subjects("include"), []);
    });

    test("registers a definition's schemas together or not at all", async (registry) => {
      const wanted = (...fields: object[]) =>
        ["views-value", "orders-value"].map((subject, index) => ({
          ...avro(id, ...(index === 0 ? [optional(`x${fields.length}`)] : fields)),
          subject,
          compatibility: "FULL_TRANSITIVE" as const,
        }));
      const first = await registerAll(registry, wanted());
      assert.deepEqual(
        first.map(({ version }) => version),
        [1, 1],
      );
      assert.deepEqual(await registerAll(registry, wanted()), first);
      await assert.rejects(registerAll(registry, wanted({ name: "total", type: "int" })), {
        code: "SCHEMA_INCOMPATIBLE",
        field: "total",
        message: /event "orders" breaks FULL_TRANSITIVE: field "total"/,
        hint: "Make the field optional, or give it a default.",
      });
      assert.deepEqual(await registry.versions("views-value", "include"), [1]);
    });
    contract.end();
  });
}
