import { wantedTopics } from "../cluster-topics.ts";
import type { DeployStep } from "./deploy-step.ts";

/** Makes the topics that aren't there. How many partitions one has is fixed when it is made. */
export const topicsStep: DeployStep = {
  check: async ({ client }) => void (await client.topics()),
  apply: async function* ({ plan, config, client }) {
    const known = new Set(await client.topics());
    const missing = wantedTopics(plan, config).filter(({ name }) => !known.has(name));
    await client.ensureTopics(missing);
    for (const { name, partitions } of missing) {
      const did = `made, ${partitions} ${partitions === 1 ? "partition" : "partitions"}`;
      yield { kind: "topic", name, did };
    }
  },
};
