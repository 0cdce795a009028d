/**
 * What tests of pipelines and of adapters need: the clock that moves when told to, data-only tests,
 * and the contract suite of each port.
 */
export { manualClock, type ManualClock } from "./core/clock.ts";
export { findTests, type NamedPipelineTest } from "./runtimes/testing/find-tests.ts";
export {
  runPipelineTest,
  type PipelineTest,
  type PipelineTestResult,
} from "./runtimes/testing/pipeline-test.ts";
export { cacheSuite, type CacheUnderTest } from "./storage/cache/cache.suite.ts";
export { dimensionSuite, type DimensionUnderTest } from "./storage/dimension/dimension.suite.ts";
export { lakeSuite, type LakeUnderTest } from "./storage/lake/lake.suite.ts";
export { logSuite, type LogUnderTest } from "./storage/log/log.suite.ts";
export { registrySuite, type RegistrySuiteOptions } from "./storage/registry/registry.suite.ts";
export { stateSuite, type StateBed } from "./storage/state/state.suite.ts";
export { warehouseSuite, type WarehouseUnderTest } from "./storage/warehouse/warehouse.suite.ts";
