import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { systemProgram } from "./fetch/apt.ts";
import { writeProperties } from "./properties-file.ts";
import { answersTcp } from "./tcp-ready.ts";

/** Redis with a password, keeping what it acknowledged a second ago. */
export const redis: Engine = {
  name: "redis",
  summary: "Redis, of the system",
  needs: [],
  ports: ["redis"],
  fetch: (context) => systemProgram(context, "redis-server", "redis-server"),
  place: async (context) => {
    const program = await systemProgram(context, "redis-server", "redis-server");
    const port = context.port("redis");
    const password = context.secret("redis");
    const data = join(context.folder, "data");
    const file = join(context.folder, "redis.conf");
    return {
      parts: [
        {
          name: "redis",
          command: program,
          args: [file],
          dataFolder: data,
          prepare: () => {
            mkdirSync(data, { recursive: true });
            const settings = { bind: "127.0.0.1", port, requirepass: password, dir: data };
            writeProperties(file, { ...settings, appendonly: "yes", daemonize: "no" }, " ");
          },
          ready: () =>
            answersTcp(port, `AUTH ${password}\r\nPING\r\n`, (answer) => answer.includes("+PONG")),
        },
      ],
      addresses: { redis: { url: `redis://default:${password}@127.0.0.1:${port}` } },
    };
  },
};
