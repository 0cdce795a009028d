import { fileURLToPath } from "node:url";
import { randomHex } from "../../core/random.ts";
import { SIMULATED } from "../../runtimes/embedded/live-appender.ts";
import { readSettings } from "../../runtimes/embedded/settings.ts";
import { startShopTraffic } from "../../../simulation/shop-traffic.ts";
import type { Command } from "../command.ts";
import { ownCommand } from "../own-path.ts";
import { runPipeline, untilStopped } from "../run-pipeline.ts";

const DEFINITION = fileURLToPath(new URL("../../../examples/shop/pipeline.ts", import.meta.url));
const SEED = 20_260;

export const command: Command = {
  name: "demo",
  summary: "run the example shop with simulated traffic",
  usage: ["millrace demo"],
  details: "Its data is in a folder of its own (./data-demo, or MILLRACE_DATA).",
  options: {
    json: { type: "boolean", description: "print one JSON line with what it listens on" },
    rate: { type: "string", value: "N", default: "25", description: "simulated events a second" },
  },
  run: async (args, io) => {
    const key = randomHex(16);
    const runtime = await runPipeline(
      {
        definition: DEFINITION,
        settings: readSettings(io.env, io.cwd, "data-demo"),
        writeKeys: [{ name: SIMULATED, key }],
        asJson: args.flag("json"),
        queryCommand: `${ownCommand(io.cwd)} query`,
      },
      io,
    );
    const traffic = startShopTraffic({
      url: runtime.url,
      writeKey: key,
      rate: Math.max(1, Number(args.text("rate")) || 25),
      seed: SEED,
      clock: io.clock,
    });
    io.signal.addEventListener("abort", () => void traffic.stop(), { once: true });
    await untilStopped(runtime, io);
  },
};
