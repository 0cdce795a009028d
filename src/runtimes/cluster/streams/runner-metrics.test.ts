import assert from "node:assert/strict";
import { test } from "node:test";
import { figuresText } from "../../../serve/observe/figures.ts";
import { parseMetrics, runnerFigures } from "./runner-metrics.ts";

test("the runner's metrics are passed on as they are", () => {
  const text = [
    "# TYPE kafka_lag gauge",
    'kafka_lag{partition="0",topic="a"} 3.0',
    'kafka_lag{partition="1",topic="a"} 4.5',
    "# TYPE millrace_streams_records_total counter",
    "millrace_streams_records_total 2.0",
    "",
  ].join("\n");
  const metrics = parseMetrics(text);
  assert.equal(metrics.get('kafka_lag{partition="1",topic="a"}'), 4.5);
  assert.deepEqual(parseMetrics(figuresText(runnerFigures(metrics))), metrics);
});
