/** The definition language: all that a pipeline's file imports. Imports nothing that runs. */
export { anomaly } from "./language/define/anomaly.ts";
export {
  concat,
  dayOfWeek,
  geohash,
  host,
  hourOfDay,
  lower,
  path,
  queryParameter,
  sha256,
  upper,
} from "./language/define/derived.ts";
export { event } from "./language/define/event.ts";
export { and, not, or } from "./language/define/expression.ts";
export { t } from "./language/define/field.ts";
export {
  avg,
  count,
  countDistinct,
  countIf,
  max,
  min,
  ratio,
  sum,
} from "./language/define/measure.ts";
export { metric } from "./language/define/metric.ts";
export { cube, day, minutesBetween, model } from "./language/define/model.ts";
export { pipeline } from "./language/define/pipeline.ts";
export { postgres } from "./language/define/postgres.ts";
export { rule } from "./language/define/rule.ts";
export { stream } from "./language/define/stream.ts";
export { table } from "./language/define/table.ts";
export { session, sliding, tumbling } from "./language/define/window.ts";
