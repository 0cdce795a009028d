import type { Clock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { formatDuration } from "../../core/time.ts";
import type { MetricNode, Plan } from "../../language/plan/nodes.ts";
import { metricMeaning } from "../../language/plan/plan-json.ts";
import type { Window } from "../../language/plan/window.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import type { ReadThrough } from "../cache/read-through.ts";
import { json, type HttpAnswer } from "../http/http-message.ts";
import type { Route } from "../http/route.ts";
import { readMetricQuery } from "./metric-query.ts";
import { readMetric, type OpenWindows } from "./metric-reader.ts";

export interface MetricRoutesOptions {
  /** The plan that runs now. */
  readonly plan: () => Plan;
  readonly warehouse: Warehouse;
  readonly open: OpenWindows;
  readonly clock: Clock;
  /** Keeps answers until rows of their metric arrive; absent: each is read anew. */
  readonly cache?: ReadThrough;
}

/** What the answers about a metric are kept under: invalidated when rows of it arrive. */
export const metricTag = (metric: MetricNode): string =>
  `metric ${metric.name} ${metricMeaning(metric)}`;

/** A window as text: `tumbling 5m`, `sliding 10m every 1m`, `session 30m`. */
export function windowText(window: Window): string {
  switch (window.kind) {
    case "tumbling":
      return `tumbling ${formatDuration(window.sizeMs)}`;
    case "sliding":
      return `sliding ${formatDuration(window.sizeMs)} every ${formatDuration(window.everyMs)}`;
    case "session":
      return `session ${formatDuration(window.gapMs)}`;
  }
}

/** `GET /v1/metrics` and `GET /v1/metrics/{name}`. */
export function metricRoutes({
  plan,
  warehouse,
  open,
  clock,
  cache,
}: MetricRoutesOptions): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/metrics",
      access: "read",
      summary: "The metrics of the definition",
      handle: () =>
        json({
          metrics: plan().metrics.map((metric) => ({
            name: metric.name,
            window: windowText(metric.window),
            dimensions: metric.by.map((each) => each.name),
            measures: metric.measures.map((each) => each.name),
          })),
        }),
    },
    {
      method: "GET",
      path: "/v1/metrics/{name}",
      access: "read",
      summary: "Rows of a metric, newest window first, the open windows included",
      parameters: [
        { name: "name", in: "path", description: "The metric's name" },
        {
          name: "from",
          in: "query",
          description: "Windows that start at or after; a day ago by default",
        },
        { name: "to", in: "query", description: "Windows that start before" },
        {
          name: "limit",
          in: "query",
          description: "Rows at most; 1,000 by default, 10,000 at most",
        },
        { name: "dimension", in: "query", description: "Any dimension by its name; empty is null" },
      ],
      handle: async (request, { name }) => {
        const metric = plan().metrics.find((each) => each.name === name);
        if (metric === undefined) throw unknownMetric(plan(), name!);
        const query = readMetricQuery(metric, request.query, clock.nowMs());
        const answer = async (): Promise<HttpAnswer> => {
          const rows = await readMetric(metric, query, warehouse, open);
          return json({ metric: metric.name, window: windowText(metric.window), rows });
        };
        if (cache === undefined) return answer();
        const tags = [metricTag(metric)];
        const key = { key: JSON.stringify([...tags, [...request.query].toSorted()]), tags };
        const body = await cache.get(key, async () => Buffer.from((await answer()).body!));
        return { ...json(null), body };
      },
    },
  ];
}

const unknownMetric = (plan: Plan, name: string): MillraceError =>
  new MillraceError("METRIC_UNKNOWN", `the definition has no metric ${name}`, {
    field: "name",
    hint: `it has ${plan.metrics.map((each) => each.name).join(", ") || "none"}`,
  });
