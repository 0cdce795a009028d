/** Brokers that let nobody in without a password or a certificate, and tell what is wrong with them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../../engines/engine-test.ts";
import { startSecuredKafka, type SecuredKafka } from "../../../../engines/secured-kafka.fixture.ts";
import type { MillraceError } from "../../../core/errors.ts";
import { testCertificate } from "../../test-certificate.fixture.ts";
import { KafkaClient, type KafkaConnection } from "./kafka-client.ts";
import type { Membership } from "./kafka-group.ts";

const timeout = 120_000;

// Kafka's files are all that it needs; the broker is its own.
await engineSuite("secured Kafka", ["kafka"], () => {
  let secured: SecuredKafka;
  before(async () => void (secured = await startSecuredKafka()), { timeout });
  after(() => secured.stop());

  const connections: Readonly<Record<string, () => KafkaConnection>> = {
    "SCRAM-SHA-256": () => secured.sasl("SCRAM-SHA-256"),
    "SCRAM-SHA-512": () => secured.sasl("SCRAM-SHA-512"),
    PLAIN: () => secured.sasl("PLAIN"),
    "a certificate": () => secured.mutualTls,
  };

  describe("secured Kafka", () => {
    for (const [name, connectionOf] of Object.entries(connections)) {
      test(
        `records are written and read, and a group's positions kept, by ${name}`,
        { timeout },
        async () => {
          const topic = name.replaceAll(" ", "-");
          const client = new KafkaClient(connectionOf(), topic);
          await client.ensureTopics([{ name: topic, partitions: 1 }]);
          const record = { topic, partition: 0, key: null, value: Buffer.from(name) };
          assert.deepEqual(await client.send([record]), [{ topic, partition: 0, offset: 0 }]);

          const reader = client.reader();
          const [batch] = await reader.read([{ topic, partition: 0, offset: 0 }], 5_000);
          assert.equal(String(batch?.records[0]?.value), name);
          await reader.close();

          const group = client.group(`${topic}-group`, [topic]);
          const membership = await new Promise<Membership>((resolve, reject) => {
            group.join(resolve).catch(reject);
          });
          const position = { topic, partition: 0, offset: 1, note: "one" };
          assert.equal(await group.commit(membership, [position]), true);
          assert.deepEqual(await group.positions(membership), [position]);
          await group.close();
          await client.close();
        },
      );
    }

    test("what keeps us out is told, and what to do about it", { timeout }, async () => {
      const scram = secured.sasl("SCRAM-SHA-512");
      const { sasl } = scram;
      const password = "wrong";
      const other = testCertificate();
      const tries: readonly (readonly [string, KafkaConnection, RegExp])[] = [
        ["kafka.sasl", { ...scram, sasl: { ...sasl, password } }, /SASL authentication failed/],
        [
          "kafka.sasl",
          { ...scram, sasl: { ...sasl, mechanism: "PLAIN", password } },
          /SASL authentication failed/,
        ],
        ["kafka.sasl", { ...scram, sasl: { ...sasl, username: "nobody" } }, /SASL/],
        ["kafka.tls.ca", { ...scram, tls: {} }, /self-signed certificate/],
        ["kafka.tls.ca", { ...scram, tls: { ca: other.cert } }, /self-signed certificate/],
        ["kafka", secured.sasl("PLAIN", "stranger"), /AUTHORIZATION_FAILED/],
      ];
      const told = tries.map(async ([field, connection, message]) => {
        const client = new KafkaClient(connection, "millrace-refused");
        const topics = [{ name: "never", partitions: 1 }];
        await assert.rejects(
          client.ensureTopics(topics),
          { code: "CONFIG_INVALID", field, message },
          `${field} ${String(message)}`,
        );
        await client.close();
      });
      await Promise.all(told);
      other.remove();
    });

    test(
      "a listener that hangs up may want TLS, a certificate or a password",
      { timeout },
      async () => {
        const { bootstrap, tls, sasl } = secured.sasl("PLAIN");
        const { mutualTls } = secured;
        const { cert, key, remove } = testCertificate();
        const tries: readonly KafkaConnection[] = [
          { bootstrap, sasl },
          { bootstrap, tls },
          { ...mutualTls, tls },
          { ...mutualTls, tls: { ...tls, cert, key } },
        ];
        const told = tries.map(async (connection) => {
          const client = new KafkaClient(connection, "millrace-refused");
          // Whether the broker's last words are heard before it hangs up, is chance.
          await assert.rejects(client.topics(), ({ code, hint }: MillraceError) => {
            assert.ok(["KAFKA_UNAVAILABLE", "CONFIG_INVALID"].includes(code), code);
            assert.match(hint!, /kafka\.tls/);
            return true;
          });
          await client.close();
        });
        await Promise.all(told);
        remove();
      },
    );

    test(
      "a password that is no longer known is tried again with what was to be sent",
      { timeout },
      async () => {
        const scram = secured.sasl("SCRAM-SHA-256");
        const client = new KafkaClient(
          { ...scram, sasl: { ...scram.sasl, password: "wrong" } },
          "millrace-refused",
        );
        const record = { topic: "never", partition: 0, key: null, value: Buffer.from("kept") };
        await assert.rejects(client.send([record]), {
          code: "KAFKA_UNAVAILABLE",
          hint: /username and password/,
        });
        await client.close();
      },
    );
  });
});
