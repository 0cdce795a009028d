import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { systemProgram } from "./fetch/apt.ts";
import { answersOk } from "./http-ready.ts";

/** A time-series database that Prometheus' clients can write to and ask. */
export const victoriaMetrics: Engine = {
  name: "victoria-metrics",
  summary: "VictoriaMetrics, of the system",
  needs: [],
  ports: ["victoria-metrics"],
  fetch: (context) => systemProgram(context, "victoria-metrics", "victoria-metrics"),
  place: async (context) => {
    const program = await systemProgram(context, "victoria-metrics", "victoria-metrics");
    const address = `127.0.0.1:${context.port("victoria-metrics")}`;
    const data = join(context.folder, "data");
    return {
      parts: [
        {
          name: "victoria-metrics",
          command: program,
          args: [
            `-httpListenAddr=${address}`,
            `-storageDataPath=${data}`,
            "-retentionPeriod=100y",
            "-memory.allowedBytes=64MB",
            // A sample that is written twice counts once.
            "-dedup.minScrapeInterval=1ms",
            // What was sent is found by the next query.
            "-search.latencyOffset=0s",
            "-loggerLevel=WARN",
          ],
          dataFolder: data,
          ready: () => answersOk(`http://${address}/api/v1/query?query=1`),
        },
      ],
      addresses: { victoriaMetrics: { url: `http://${address}` } },
    };
  },
};
