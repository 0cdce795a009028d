import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineSuite } from "./engine-test.ts";
import { kafkaTool } from "./kafka-tool.fixture.ts";
import { runTool } from "./run-tool.ts";

await engineSuite("Connect", ["connect", "postgres"], ({ kafka, connect, postgres }, cluster) => {
  const bootstrap = ["--bootstrap-server", kafka.bootstrap.join(",")];
  const id = randomUUID().slice(0, 8);

  const createTopic = (topic: string): Promise<string> =>
    kafkaTool("org.apache.kafka.tools.TopicCommand", [
      ...bootstrap,
      ...["--create", "--topic", topic, "--partitions", "1"],
    ]);

  const read = async (topic: string, count: number): Promise<string[]> => {
    const wanted = ["--topic", topic, "--from-beginning", "--max-messages", String(count)];
    const main = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    return (await kafkaTool(main, [...bootstrap, ...wanted])).split("\n");
  };

  const deploy = async (name: string, config: Record<string, string>): Promise<void> => {
    const answer = await fetch(`${connect.url}/connectors/${name}/config`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(config),
    });
    assert.equal(answer.status, 201, await answer.text());
  };

  const undeploy = (name: string): Promise<Response> =>
    fetch(`${connect.url}/connectors/${name}`, { method: "DELETE" });

  test("a file's lines go on where a killed worker stopped", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-connect-"));
    const file = join(folder, "lines");
    const topic = `engines-file-${id}`;
    try {
      await createTopic(topic);
      appendFileSync(file, "one\ntwo\n");
      await deploy(topic, {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        file,
        topic,
      });
      assert.deepEqual(await read(topic, 2), ["one", "two"]);
      await cluster.kill("connect");
      appendFileSync(file, "three\n");
      await cluster.startAgain("connect");
      assert.deepEqual(await read(topic, 3), ["one", "two", "three"]);
    } finally {
      await undeploy(topic);
      rmSync(folder, { recursive: true });
    }
  });

  test("Debezium tells a change of a table", async () => {
    const sql = (text: string): Promise<string> =>
      runTool("psql", ["-X", "-q", "-A", "-t", "-c", text, postgres.url], { install: "psql" });
    const { hostname, port, username, password, pathname } = new URL(postgres.url);
    const name = `engines_${id}`;
    const topic = `${name}.public.${name}`;
    await sql(`CREATE TABLE ${name} (id INT PRIMARY KEY, city TEXT)`);
    await createTopic(topic);
    try {
      await deploy(name, {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "publication.autocreate.mode": "filtered",
        "publication.name": name,
        "slot.name": name,
        "slot.drop.on.stop": "true",
        "database.hostname": hostname,
        "database.port": port,
        "database.user": username,
        "database.password": password,
        "database.dbname": pathname.slice(1),
        "table.include.list": `public.${name}`,
        "topic.prefix": name,
      });
      await sql(`INSERT INTO ${name} VALUES (1, 'Ljubljana')`);
      const [change] = (await read(topic, 1)).map((line) => JSON.parse(line) as Change);
      assert.deepEqual(change?.after, { id: 1, city: "Ljubljana" });
    } finally {
      await undeploy(name);
      await sql(`DROP TABLE ${name}; DROP PUBLICATION IF EXISTS ${name}`);
    }
  });
});

interface Change {
  readonly after: { readonly id: number; readonly city: string };
}
