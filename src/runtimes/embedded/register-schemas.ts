import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { registerAll } from "../../storage/registry/register-all.ts";
import type { Registry } from "../../storage/registry/registry.ts";

/**
 * Registers the Avro schema of every topic under `<topic>-value`. Earlier events must stay readable,
 * so a change that an old event can't be read by is refused: `SCHEMA_INCOMPATIBLE` names the field.
 */
export async function registerSchemas(plan: Plan, registry: Registry): Promise<void> {
  await registerAll(
    registry,
    topicsOf(plan).map((topic) => ({
      subject: `${topic.name}-value`,
      schemaType: "AVRO",
      schema: JSON.stringify(topicAvro(topic, `millrace.${plan.name.replaceAll("-", "_")}`)),
      compatibility: "BACKWARD_TRANSITIVE",
    })),
  );
}
