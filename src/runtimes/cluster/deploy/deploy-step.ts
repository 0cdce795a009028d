import type { Clock } from "../../../core/clock.ts";
import type { Plan } from "../../../language/plan/nodes.ts";
import type { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import type { Registry } from "../../../storage/registry/registry.ts";
import type { ClusterConfig } from "../cluster-config.ts";

/** What a deployment works with. */
export interface DeployContext {
  readonly plan: Plan;
  readonly config: ClusterConfig;
  readonly client: KafkaClient;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Where programs are found. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of progress. */
  readonly tell: (text: string) => void;
  /** Jobs that must be started are started anew, not from their state. */
  readonly fromStart: boolean;
}

/** Something that a deployment changed. */
export interface Change {
  /** What kind of thing: `topic`, `schema`, `table`, `job`. */
  readonly kind: string;
  readonly name: string;
  /** What was done, such as `made, 12 partitions`. */
  readonly did: string;
}

/** One part of a deployment. What is there as it should be is left alone. */
export interface DeployStep {
  /** Throws where the step would fail, as far as that can be known; changes nothing. */
  check(context: DeployContext): Promise<void>;
  /** Each change, when it is done. */
  apply(context: DeployContext): AsyncIterable<Change>;
}
