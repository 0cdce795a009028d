import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KafkaConnection } from "../src/storage/log/kafka/kafka-client.ts";
import { testCertificate, type TestCertificate } from "../src/storage/test-certificate.fixture.ts";
import { cachedFolder, cacheFolder } from "./cache.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { freePort } from "./free-port.ts";
import { log4jFlag } from "./java-logging.ts";
import { findJdk } from "./jdk.ts";
import { askForBrokers } from "./kafka-metadata.ts";
import { kafkaTool } from "./kafka-tool.fixture.ts";
import { writeProperties } from "./properties-file.ts";
import { endProcess, killNow, startPart, untilReady } from "./started-process.ts";

/** Names that a secured broker knows. All may do everything but the stranger, who may do nothing. */
type User = "pipeline" | "stranger";

/** A broker that lets nobody in who doesn't say who they are. */
export interface SecuredKafka {
  /** By a password over TLS. */
  sasl(
    mechanism: NonNullable<KafkaConnection["sasl"]>["mechanism"],
    user?: User,
  ): Required<KafkaConnection>;
  /** By a certificate of the client's own. */
  readonly mutualTls: KafkaConnection & { readonly tls: { readonly ca: string } };
  stop(): Promise<void>;
}

/** With what programs are wont to stumble over. */
const PASSWORD = String.raw`it's "a" \ secret; with = signs`;
/** After which whoever came in by a password must show it again. */
export const REAUTHENTICATE_MS = 10_000;
const USERS: readonly User[] = ["pipeline", "stranger"];

/** Starts one broker with certificates made for it, in a temporary folder. */
export async function startSecuredKafka(): Promise<SecuredKafka> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-secured-kafka-"));
  const [server, client] = [testCertificate(), testCertificate()];
  const ports = new Set<number>();
  while (ports.size < 4) ports.add(await freePort(ports));
  const [saslPort, tlsPort, plainPort, controllerPort] = [...ports] as [
    number,
    number,
    number,
    number,
  ];
  const file = join(folder, "broker.properties");
  writeProperties(file, {
    ...base(folder, controllerPort),
    listeners: [
      `SASL_SSL://127.0.0.1:${saslPort}`,
      `SSL://127.0.0.1:${tlsPort}`,
      `PLAINTEXT://127.0.0.1:${plainPort}`,
      `CONTROLLER://127.0.0.1:${controllerPort}`,
    ].join(","),
    ...tlsOf(server, client),
    ...saslProperties(),
  });
  const storage = "kafka.tools.StorageTool";
  await kafkaTool(storage, ["format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", file, ...scramUsers()]);
  const end = await start(file, folder, plainPort);
  return {
    sasl: (mechanism, username = "pipeline") => ({
      bootstrap: [`127.0.0.1:${saslPort}`],
      tls: { ca: server.cert },
      sasl: { mechanism, username, password: PASSWORD },
    }),
    mutualTls: {
      bootstrap: [`127.0.0.1:${tlsPort}`],
      tls: { ca: server.cert, cert: client.cert, key: client.key },
    },
    stop: async () => {
      await end();
      server.remove();
      client.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(file: string, folder: string, port: number): Promise<() => Promise<void>> {
  const tell = (): void => undefined;
  const cache = cacheFolder(process.env);
  const libraries = await mavenFiles(
    { tell, cached: (name, make) => cachedFolder(cache, name, tell, make) },
    "kafka",
  );
  const { java } = await findJdk(process.env, 17);
  const flags = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", log4jFlag(folder)];
  const part = {
    name: "a secured Kafka",
    command: java,
    args: [...flags, "-cp", join(libraries, "*"), "kafka.Kafka", file],
    ready: async () => (await askForBrokers(port)).length === 1,
  };
  const log = join(folder, "broker.log");
  const identity = await startPart(part, log);
  const kill = (): void => killNow(identity);
  process.once("exit", kill);
  await untilReady(part, identity, log);
  return async () => {
    process.off("exit", kill);
    await endProcess(identity, "SIGKILL");
  };
}

const base = (
  folder: string,
  controllerPort: number,
): Readonly<Record<string, string | number | boolean>> => {
  const data = join(folder, "data");
  mkdirSync(data);
  return {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    // For the broker itself, and for asking whether it is ready.
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map":
      "SASL_SSL:SASL_SSL,SSL:SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": data,
    "auto.create.topics.enable": false,
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 3,
    "group.initial.rebalance.delay.ms": 0,
    "connections.max.reauth.ms": REAUTHENTICATE_MS,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:pipeline;User:CN=127.0.0.1",
    "log.cleaner.dedupe.buffer.size": 8 * 2 ** 20,
  };
};

const tlsOf = (
  server: TestCertificate,
  client: TestCertificate,
): Readonly<Record<string, string>> => ({
  "ssl.keystore.type": "PEM",
  "ssl.keystore.certificate.chain": oneLine(server.cert),
  "ssl.keystore.key": oneLine(server.key),
  "listener.name.ssl.ssl.client.auth": "required",
  "listener.name.ssl.ssl.truststore.type": "PEM",
  "listener.name.ssl.ssl.truststore.certificates": oneLine(client.cert),
});

function saslProperties(): Readonly<Record<string, string>> {
  const modules = "org.apache.kafka.common.security";
  const users = USERS.map((user) => `user_${user}="${escaped(PASSWORD).replaceAll('"', '\\"')}"`);
  return {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": escaped(
      `${modules}.plain.PlainLoginModule required ${users.join(" ")};`,
    ),
    ...Object.fromEntries(
      ["256", "512"].map((bits) => [
        `listener.name.sasl_ssl.scram-sha-${bits}.sasl.jaas.config`,
        `${modules}.scram.ScramLoginModule required;`,
      ]),
    ),
  };
}

const scramUsers = (): string[] =>
  USERS.flatMap((user) =>
    ["256", "512"].flatMap((bits) => [
      "--add-scram",
      `SCRAM-SHA-${bits}=[name=${user},password=${PASSWORD}]`,
    ]),
  );

/** For a file of properties. */
const oneLine = (pem: string): string => pem.trim().replaceAll("\n", "\\n");
const escaped = (text: string): string => text.replaceAll("\\", "\\\\");
