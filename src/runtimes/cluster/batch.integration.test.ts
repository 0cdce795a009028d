import { engineSuite } from "../../../engines/engine-test.ts";
import { batchSuite } from "./batch.suite.ts";

const name = "batch in a cluster by its ClickHouse";

await engineSuite(name, ["kafka", "registry", "s3"], (addresses) =>
  batchSuite(name, addresses, {}),
);
