import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { systemProgram } from "./fetch/apt.ts";
import { writeProperties } from "./properties-file.ts";
import { answersTcp } from "./tcp-ready.ts";

/** MQTT 3.1.1: a CONNECT of the client "millrace" with a clean session. */
const CONNECT = Buffer.from("\x10\x14\x00\x04MQTT\x04\x02\x00\x0a\x00\x08millrace", "latin1");
const ACCEPTED = Buffer.from([0x20, 0x02, 0x00, 0x00]);

/** An MQTT broker. */
export const mosquitto: Engine = {
  name: "mosquitto",
  summary: "Mosquitto, an MQTT broker, of the system",
  needs: [],
  ports: ["mqtt"],
  fetch: (context) => systemProgram(context, "mosquitto", "mosquitto"),
  place: async (context) => {
    const program = await systemProgram(context, "mosquitto", "mosquitto");
    const port = context.port("mqtt");
    const data = join(context.folder, "data");
    const file = join(context.folder, "mosquitto.conf");
    return {
      parts: [
        {
          name: "mosquitto",
          command: program,
          args: ["-c", file],
          dataFolder: data,
          prepare: () => {
            mkdirSync(data, { recursive: true });
            writeProperties(file, settings(port, data), " ");
          },
          ready: () => answersTcp(port, CONNECT, (answer) => answer.equals(ACCEPTED)),
        },
      ],
      addresses: { mqtt: { url: `mqtt://127.0.0.1:${port}` } },
    };
  },
};

const settings = (port: number, data: string): Record<string, string | number | boolean> => ({
  // Started by root, it would become a user who can't read this folder.
  user: userInfo().username,
  listener: `${port} 127.0.0.1`,
  allow_anonymous: true,
  persistence: true,
  persistence_location: `${data}/`,
  autosave_interval: 1,
  autosave_on_changes: true,
  // The defaults drop messages of a burst.
  max_queued_messages: 0,
  max_inflight_messages: 0,
});
