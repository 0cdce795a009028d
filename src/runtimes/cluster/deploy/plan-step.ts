import { compileKafkaStreams } from "../../../language/compile/kafka-streams/compile-kafka-streams.ts";
import { assertPlan } from "../../../language/plan/check/check-plan.ts";
import { planFor } from "../../../language/plan/engine.ts";
import { NAMESPACE } from "../cluster-topics.ts";
import type { DeployStep } from "./deploy-step.ts";

/** Refuses a definition with mistakes, and what Kafka Streams can't run. It changes nothing. */
export const planStep: DeployStep = {
  check: async ({ plan }) => {
    assertPlan(plan);
    compileKafkaStreams(planFor("kafka-streams", plan), { namespace: NAMESPACE });
  },
  apply: async function* () {},
};
