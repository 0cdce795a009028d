import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../src/core/errors.ts";
import type { Engine, EngineContext, FetchContext } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { unpackArchives } from "./fetch/unpack.ts";
import { answersOk } from "./http-ready.ts";
import type { Jdk } from "./jdk.ts";

/** Small, and quick to start. */
const JVM_FLAGS = ["-Xms64m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Apicurio Registry with the API of Confluent's; its schemas are in a file of its own. */
export const registry: Engine = {
  name: "registry",
  summary: "Apicurio Registry, with Confluent's API",
  needs: [],
  ports: ["registry", "registry-management"],
  fetch: fetchRegistry,
  place: async (context) => {
    const { jdk, start, home } = await fetchRegistry(context);
    const data = join(context.folder, "data");
    const url = `http://127.0.0.1:${context.port("registry")}/apis/ccompat/v7`;
    return {
      parts: [
        {
          name: "registry",
          command: jdk.java,
          args: [...JVM_FLAGS, ...settings(context, data), ...start(home)],
          cwd: home,
          dataFolder: data,
          prepare: () => void mkdirSync(data, { recursive: true }),
          ready: () => answersOk(`${url}/subjects`),
        },
      ],
      addresses: { registry: { url } },
    };
  },
};

async function fetchRegistry(context: FetchContext) {
  const { jdk, name, start } = await release(context);
  return { jdk, start, home: await mavenFiles(context, name, unpackArchives) };
}

interface Release {
  readonly jdk: Jdk;
  /** Its file in `poms/`. */
  readonly name: string;
  /** The last arguments of `java`. */
  start(home: string): readonly string[];
}

/** The newest release wants Java 21; without one, the last that ran on 17. */
async function release(context: FetchContext): Promise<Release> {
  try {
    const jdk = await context.jdk(21);
    return { jdk, name: "registry", start: (home) => ["-jar", join(home, "quarkus-run.jar")] };
  } catch (thrown) {
    if (!(thrown instanceof MillraceError)) throw thrown;
    const jdk = await context.jdk(17);
    const start = (home: string): readonly string[] => [
      "-cp",
      join(home, "*"),
      "io.apicurio.registry.ApicurioRegistryApplication",
    ];
    return { jdk, name: "registry-java-17", start };
  }
}

/** Both releases read both spellings of what they know and ignore the rest. */
const settings = (context: EngineContext, data: string): readonly string[] =>
  Object.entries({
    "quarkus.http.host": "127.0.0.1",
    "quarkus.http.port": context.port("registry"),
    "quarkus.management.host": "127.0.0.1",
    "quarkus.management.port": context.port("registry-management"),
    "quarkus.log.level": "WARN",
    "quarkus.http.access-log.enabled": false,
    "quarkus.otel.sdk.disabled": true,
    "apicurio.storage.kind": "sql",
    "apicurio.storage.sql.kind": "h2",
    // Written through at each commit: a killed registry keeps what it acknowledged.
    "apicurio.datasource.url": `jdbc:h2:file:${join(data, "registry")};WRITE_DELAY=0`,
    "apicurio.datasource.jdbc.initial-size": 2,
    "apicurio.datasource.jdbc.min-size": 2,
    "apicurio.datasource.jdbc.max-size": 10,
  }).map(([name, value]) => `-D${name}=${value}`);
