import { engineSuite } from "../../engines/engine-test.ts";
import { wholeSuite } from "./whole.suite.ts";
import definition from "./without-flink.ts";

const name = "the whole against the whole";

await engineSuite(name, ["kafka", "registry", "s3"], ({ kafka, registry, s3 }, engines) =>
  wholeSuite({
    name,
    addresses: { kafka, registry, s3 },
    engines,
    definition: "without-flink.ts",
    plan: definition.plan,
    events: 5_000,
    seconds: 60,
    rounds: 1,
    kills: [{ part: "kafka-2", losing: "disk" }],
  }),
);
