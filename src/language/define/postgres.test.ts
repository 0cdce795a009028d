import assert from "node:assert/strict";
import { test } from "node:test";
import { event, pipeline, postgres, t, table } from "../../index.ts";
import { checkPlan } from "../plan/check/check-plan.ts";
import { parsePlan, serialisePlan } from "../plan/plan-json.ts";
import type { TableDefinition } from "./table.ts";
import type { FieldMap } from "./field.ts";
import type { PostgresSourceDefinition } from "./postgres.ts";

const fields = { user_id: t.string(), country: t.string().optional() };
const visits = event(
  "visits",
  { id: t.id(), at: t.timestamp(), who: t.string() },
  { id: "id", time: "at", key: "who" },
);
const planOf = (users: TableDefinition<FieldMap>) =>
  pipeline({ events: [visits], tables: [users] }).plan;

test("types: what a source may rename", () => {
  table("u", fields, { key: "user_id", from: postgres({ table: "public.users" }) });
  const renamed = postgres({ table: "public.users", columns: { country: "country_code" } });
  table("u", fields, { key: "user_id", from: renamed });
  const unknown = postgres({ table: "public.users", columns: { region: "state" } });
  // @ts-expect-error: the table has no field of this name
  table("u", fields, { key: "user_id", from: unknown });
  // @ts-expect-error: a source is made by a builder
  table("u", fields, { key: "user_id", from: "public.users" });
  // @ts-expect-error: which table?
  postgres({ database: "crm" });
  // @ts-expect-error: addresses and secrets are the cluster file's
  postgres({ table: "public.users", url: "postgres://" });
});

test("a source is part of the plan, and survives its text", () => {
  const columns = { country: "country_code" };
  const from = postgres({ database: "crm", table: "public.users", columns });
  const plan = planOf(table("dim_users", fields, { key: "user_id", from }));
  assert.deepEqual(plan.tables[0]!.from, {
    kind: "postgres",
    database: "crm",
    table: "public.users",
    columns,
  });
  assert.ok(Object.isFrozen(plan.tables[0]!.from?.columns));
  assert.deepEqual(parsePlan(serialisePlan(plan)), plan);
  assert.deepEqual(checkPlan(plan), []);
  const without = planOf(table("dim_users", fields, { key: "user_id" }));
  assert.equal(serialisePlan(without).includes("from"), false);
});

test("check names what a database can't give", () => {
  const problems = (
    from: PostgresSourceDefinition<never>,
    more: FieldMap = {},
  ): readonly string[] =>
    checkPlan(planOf(table("dim_users", { ...fields, ...more }, { key: "user_id", from }))).map(
      (each) => `${each.field}: ${each.message}`,
    );
  const users = postgres({ table: "public.users" });
  assert.deepEqual(problems(users), []);
  assert.deepEqual(problems(postgres({ table: "users" })), [
    `from: "users" isn't a table with its schema`,
  ]);
  assert.deepEqual(problems(postgres({ table: "public.users", database: "../crm" })), [
    `from: "../crm" can't be a database's name`,
  ]);
  assert.deepEqual(problems(users, { place: t.record({ city: t.string() }) }), [
    "place: a row of a database has no records",
  ]);
  assert.deepEqual(problems(users, { timestamp: t.timestamp() }), [
    "timestamp: `timestamp` is the change's own",
  ]);
  const from = { node: { ...users.node, columns: { region: "state" } } };
  assert.deepEqual(problems(from), ["from: columns names region, which isn't a field"]);
});
