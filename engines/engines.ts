import { connect } from "./connect.ts";
import { ENGINE_NAMES, type Engine, type EngineName } from "./engine.ts";
import { flink } from "./flink.ts";
import { hdfs } from "./hdfs.ts";
import { kafka } from "./kafka.ts";
import { mosquitto } from "./mosquitto.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { registry } from "./registry.ts";
import { s3 } from "./s3.ts";
import { spark } from "./spark.ts";
import { victoriaMetrics } from "./victoria-metrics.ts";

/** Every engine there is. */
export const ENGINES: Readonly<Record<EngineName, Engine>> = {
  kafka,
  registry,
  redis,
  s3,
  postgres,
  mosquitto,
  "victoria-metrics": victoriaMetrics,
  connect,
  flink,
  spark,
  hdfs,
};

/** The engines and all that they need, in the order in which they start. */
export function withNeeds(names: readonly EngineName[]): readonly EngineName[] {
  const wanted = new Set<EngineName>();
  const add = (name: EngineName): void => {
    wanted.add(name);
    ENGINES[name].needs.forEach(add);
  };
  names.forEach(add);
  return ENGINE_NAMES.filter((name) => wanted.has(name));
}
