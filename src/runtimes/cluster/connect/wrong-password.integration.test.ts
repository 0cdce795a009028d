import assert from "node:assert/strict";
import { test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { pipeline, postgres as rowsOf, t, table } from "../../../index.ts";
import { ConnectClient } from "./connect-client.ts";
import { wantedConnectors } from "./wanted-connectors.ts";

await engineSuite("PostgreSQL's password", ["connect", "postgres"], ({ connect, postgres }) => {
  test("a wrong one is told when the connector is made", { timeout: 120_000 }, async () => {
    const users = table(
      "users",
      { user_id: t.string() },
      { key: "user_id", from: rowsOf({ table: "public.users" }) },
    );
    const { plan } = pipeline({ name: "refused", events: [], tables: [users] });
    const prefix = `refused${process.pid}${Date.now().toString(36)}`;
    const config = { kafka: { bootstrap: [] }, registry: { url: "" }, prefix, partitions: 1 };
    const [wanted] = wantedConnectors(plan, {
      ...config,
      postgres: { ...postgres, password: "wrong" },
    });
    const client = new ConnectClient(connect);
    await assert.rejects(client.put(wanted!.name, wanted!.config), {
      code: "CONNECTOR_FAILED",
      message: /password authentication failed/,
    });
    assert.equal(await client.config(wanted!.name), undefined);
  });
});
