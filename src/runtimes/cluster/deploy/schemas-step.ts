import { checkAll, registerAll } from "../../../storage/registry/register-all.ts";
import { wantedSchemas } from "../cluster-topics.ts";
import type { DeployStep } from "./deploy-step.ts";

/** Registers the schemas of what lies on Kafka; refuses all of them where one is incompatible. */
export const schemasStep: DeployStep = {
  check: ({ plan, config, registry }) => checkAll(registry, wantedSchemas(plan, config.prefix)),
  apply: async function* ({ plan, config, registry }) {
    const wanted = wantedSchemas(plan, config.prefix);
    const versions = new Map<string, number>();
    for (const { subject } of wanted) {
      const latest = (await registry.versions(subject, "exclude")).at(-1);
      if (latest !== undefined) versions.set(subject, latest);
    }
    for (const { subject, id, version } of await registerAll(registry, wanted)) {
      const isNew = version > (versions.get(subject) ?? 0);
      if (isNew) yield { kind: "schema", name: subject, did: `version ${version}, id ${id}` };
    }
  },
};
