import { engineSuite } from "../../engines/engine-test.ts";
import { wholeSuite } from "./whole.suite.ts";
import definition from "./with-flink.ts";

const name = "the whole against the whole, with Flink and Spark";
const ENGINES = ["kafka", "registry", "s3", "flink", "spark"] as const;

await engineSuite(name, ENGINES, (addresses, engines) =>
  wholeSuite({
    name,
    addresses,
    engines,
    definition: "with-flink.ts",
    plan: definition.plan,
    events: Infinity,
    seconds: 420,
    rounds: 3,
    kills: [
      { part: "kafka-2", losing: "disk" },
      { part: "flink-taskmanager" },
      { part: "flink-jobmanager" },
    ],
  }),
);
