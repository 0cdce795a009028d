import { resolve } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import { clickhouseText } from "../../language/compile/clickhouse/compile-clickhouse.ts";
import { compileKafkaStreams } from "../../language/compile/kafka-streams/compile-kafka-streams.ts";
import { flinkText } from "../../language/compile/flink/compile-flink.ts";
import { eventJsonSchema } from "../../language/compile/json-schema/event-json-schema.ts";
import { sparkText } from "../../language/compile/spark/compile-spark.ts";
import { assertPlan } from "../../language/plan/check/check-plan.ts";
import { planFor } from "../../language/plan/engine.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { definitionFile, loadDefinition } from "../../runtimes/definition/load-definition.ts";
import type { Command } from "../command.ts";

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What `--to` may be, and the text it gives. */
const TARGETS: Readonly<Record<string, (plan: Plan) => string>> = {
  plan: asJson,
  avro: (plan) =>
    asJson(
      Object.fromEntries(
        topicsOf(plan).map((topic) => [topic.name, topicAvro(topic, `millrace.${plan.name}`)]),
      ),
    ),
  "json-schema": (plan) =>
    asJson(
      Object.fromEntries(
        [...plan.events, ...plan.tables].map((each) => [each.name, eventJsonSchema(each)]),
      ),
    ),
  clickhouse: clickhouseText,
  flink: (plan) => flinkText(planFor("flink", plan)),
  spark: (plan) => sparkText(plan),
  "kafka-streams": (plan) =>
    asJson(compileKafkaStreams(planFor("kafka-streams", plan), { namespace: "millrace" })),
};

export const command: Command = {
  name: "compile",
  summary: "print what each engine will run",
  usage: [
    "millrace compile [FILE or FOLDER] --to plan|avro|json-schema|clickhouse|kafka-streams|flink|spark",
  ],
  details: [
    "Kafka Streams and Flink are given the metrics that are theirs: Flink those that name it",
    '(`on: "flink"`) with the anomalies that watch them, Kafka Streams all others and the gate.',
    "What an engine can't run exactly is an error that names the part and the reason.",
  ].join("\n"),
  options: {
    to: { type: "string", value: "TARGET", default: "plan", description: "what to compile to" },
  },
  run: async (args, io) => {
    const target = args.text("to") ?? "plan";
    const compile = TARGETS[target];
    if (compile === undefined) {
      throw new MillraceError("CONFIG_INVALID", `nothing compiles to ${target}`, {
        field: "to",
        hint: `one of ${Object.keys(TARGETS).join(", ")}`,
      });
    }
    const plan = await loadDefinition(definitionFile(resolve(io.cwd, args.positionals[0] ?? ".")));
    assertPlan(plan);
    io.out(compile(plan));
  },
};
