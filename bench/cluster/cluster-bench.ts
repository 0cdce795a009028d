/**
 * `npm run bench:cluster [-- --events N --runs N --only METRIC,… --json FILE]`: what our jobs of Kafka
 * Streams and Flink cost beside what an engineer would write by hand for the same metric, on the same
 * topic, with the same guarantees: CPU time of the engine's process, in turns. The gate is in
 * neither: both read the clean topic.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaseCluster } from "../../conformance/cluster/records.ts";
import { Cluster } from "../../engines/cluster.ts";
import type { BenchAddresses, BenchPlace } from "./bench-place.ts";
import { clusterOptions } from "./cluster-options.ts";
import { fillTopic } from "./fill-topic.ts";
import { ownName } from "./own-name.ts";
import { pairFigures, pairText, type PairFigures } from "./pair-figures.ts";
import { pairs } from "./pairs.ts";
import { runPair } from "./run-pair.ts";

const options = clusterOptions(process.argv.slice(2));
const progress = (text: string): void => void process.stderr.write(`  ${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-cluster-"));
const engines = new Cluster({
  folder: options.cluster ?? join(folder, "engines"),
  env: process.env,
  tell: progress,
});
const figures: PairFigures[] = [];
try {
  const wanted = pairs.filter(({ metric }) => options.only?.includes(metric) ?? true);
  const needed = new Set(wanted.flatMap(({ needs }) => needs));
  const addresses = (await engines.up([...needed])) as BenchAddresses;
  const name = ownName("bench");
  const place = { bootstrap: addresses.kafka.bootstrap, registryUrl: addresses.registry.url };
  const cluster = new CaseCluster(place, name);
  const inputOf = (what: string): BenchPlace => ({
    ...{ addresses, engines, cluster, folder },
    input: `${name}.${what}`,
  });
  const [full, empty] = [inputOf("events"), inputOf("empty")];
  progress(`making ${options.events} events`);
  await fillTopic(full, options.events);
  await fillTopic(empty, 0);
  for (const pair of wanted) {
    const { events, runs } = options;
    const measured = await runPair(pair, {
      place: full,
      emptyPlace: empty,
      events,
      runs,
      progress,
    });
    const own = pairFigures(measured);
    figures.push(own);
    const loads = measured.loadAverages.map((each) => each.toFixed(1)).join(", ");
    console.log(`\n${pairText(own)}load average after each run: ${loads}\n`);
  }
  const topics = await cluster.client.topics();
  await cluster.client.deleteTopics(topics.filter((topic) => topic.startsWith(name)));
  await cluster.close();
} finally {
  if (options.cluster === undefined) await engines.down({ losing: "disk" });
  rmSync(folder, { recursive: true, force: true });
}
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
}
