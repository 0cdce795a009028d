/** Rows of metrics on Kafka, to a real VictoriaMetrics, which answers with the same figures. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../engines/engine-test.ts";
import shop from "../../../examples/shop/pipeline.ts";
import { systemClock } from "../../core/clock.ts";
import { encodeMetricRow } from "../../language/compile/avro/metric-avro.ts";
import { dimensionTypes, metricKey, type MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import { FRAME_BYTES } from "../../storage/log/kafka/framed-record.ts";
import { KafkaClient } from "../../storage/log/kafka/kafka-client.ts";
import { topicNames } from "../../storage/log/kafka/topic-names.ts";
import { openRemoteWrite } from "../../storage/series/remote-write/remote-write-store.ts";
import { followSeries, type FollowedSeries } from "./follow-series.ts";

const timeout = 200_000;
const NAMES = ["page-view-counts", "session-metrics", "shop-revenue"];
const END = Date.parse("2026-05-04T10:05:00Z");
const MINUTE = 60_000;

await engineSuite(
  "metrics by remote write",
  ["kafka", "victoria-metrics"],
  ({ kafka, victoriaMetrics }) => {
    const prefix = `h${randomBytes(4).toString("hex")}`;
    const names = topicNames(prefix);
    const client = new KafkaClient(kafka, prefix);
    const metrics = shop.plan.metrics.filter(({ name }) => NAMES.includes(name));
    const [views, sessions, revenue] = NAMES.map((name) =>
      metrics.find((metric) => metric.name === name),
    ) as [MetricNode, MetricNode, MetricNode];
    const problems: string[] = [];
    let door: Server;
    let following: FollowedSeries;

    const send = async (metric: MetricNode, rows: readonly MetricRow[]): Promise<void> => {
      const frame = new Uint8Array(FRAME_BYTES);
      await client.send(
        rows.map((row) => ({
          topic: names.rows(metric.name),
          partition: 0,
          key: Buffer.from(row.key),
          value: Buffer.concat([frame, encodeMetricRow(metric, row)]),
        })),
      );
    };

    before(
      async () => {
        const topics = NAMES.map((name) => ({ name: names.rows(name), partitions: 1 }));
        await client.ensureTopics(topics);
        door = await doorTo(victoriaMetrics.url);
        const { port } = door.address() as { readonly port: number };
        door.close(); // nobody answers there yet
        const config = { prefix, victoriaMetrics: { url: `http://127.0.0.1:${port}` } };
        following = await followSeries({
          plan: { ...shop.plan, metrics },
          parts: { config, client },
          clock: systemClock,
          onProblem: (text) => problems.push(text),
        });
        await send(views, [
          rowOf(views, ["https://shop.example/a"], [3n]),
          rowOf(views, ["https://shop.example/a"], [5n], END + 5 * MINUTE),
          rowOf(views, [null], [2n]),
          { ...rowOf(views, ["https://shop.example/open"], [1n]), closed: false },
        ]);
        await send(sessions, [
          rowOf(sessions, ["u1"], [4n, 2n, 199_900n]),
          rowOf(sessions, ["u2"], [1n, 1n, null]),
        ]);
        await send(revenue, [
          rowOf(revenue, ["EUR", "purchase"], [123_456_789_012_345n, 7n, 100_000n, 3n]),
        ]);
        while (problems.length === 0) await pause();
        await new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
      },
      { timeout },
    );
    after(async () => {
      await following.close();
      door.close();
      await client.deleteTopics(NAMES.map((name) => names.rows(name)));
      await client.close();
    });

    describe("metrics by remote write", () => {
      test("closed rows are samples at the end of their windows", { timeout }, async () => {
        while (following.counts().written < EXPECTED.length) await pause();
        const found = await exported(victoriaMetrics.url, prefix);
        assert.deepEqual(found, EXPECTED);
        assert.deepEqual(following.counts(), { written: EXPECTED.length, refused: 0 });
        assert.match(problems[0]!, /the time-series database at .* doesn't answer POST/);
      });

      test("a query gives a window's figure at its end", { timeout }, async () => {
        const query = new URLSearchParams({
          query: `${prefix}_page_view_counts_views{page_url="https://shop.example/a"}`,
          start: String(END / 1_000),
          end: String((END + 5 * MINUTE) / 1_000),
          step: "5m",
          nocache: "1",
        });
        const answer = await fetch(`${victoriaMetrics.url}/api/v1/query_range?${query}`);
        const { data } = (await answer.json()) as RangeAnswer;
        assert.deepEqual(data.result[0]?.values, [
          [END / 1_000, "3"],
          [(END + 5 * MINUTE) / 1_000, "5"],
        ]);
      });

      test("a row that is written again counts once", { timeout }, async () => {
        const { written } = following.counts();
        await send(views, [rowOf(views, ["https://shop.example/a"], [3n])]);
        while (following.counts().written === written) await pause();
        assert.deepEqual(await exported(victoriaMetrics.url, prefix), EXPECTED);
      });

      test("what isn't written is told: for now, or for good", { timeout }, async () => {
        const sample = { name: "x", labels: {}, time: END, value: 1 };
        const wrong = openRemoteWrite({ url: `${victoriaMetrics.url}/elsewhere` });
        await assert.rejects(wrong.write([sample]), { code: "SERIES_REFUSED" });
        wrong.close();
        const nobody = openRemoteWrite({ url: "http://127.0.0.1:1" });
        await assert.rejects(nobody.write([sample]), { code: "SERIES_UNAVAILABLE" });
        nobody.close();
      });
    });
  },
);

const LATER = END + 5 * MINUTE;
const PAGE = `page_url="https://shop.example/a"`;
const EUR = `currency="EUR",event_type="purchase"`;
/** As an export has them, to the 15 digits that VictoriaMetrics keeps. */
const EXPECTED = [
  `page_view_counts_views{${PAGE}} 3 @${END}`,
  `page_view_counts_views{${PAGE}} 5 @${LATER}`,
  `page_view_counts_views{} 2 @${END}`,
  `session_metrics_events{user_id="u1"} 4 @${END}`,
  `session_metrics_events{user_id="u2"} 1 @${END}`,
  `session_metrics_pages{user_id="u1"} 2 @${END}`,
  `session_metrics_pages{user_id="u2"} 1 @${END}`,
  `session_metrics_revenue{user_id="u1"} 19.99 @${END}`,
  `session_metrics_session_seconds{user_id="u1"} 300 @${END}`,
  `session_metrics_session_seconds{user_id="u2"} 300 @${END}`,
  `shop_revenue_average_price{${EUR}} 3.333333 @${END}`,
  `shop_revenue_items{${EUR}} 7 @${END}`,
  `shop_revenue_revenue{${EUR}} 12345678901.2345 @${END}`,
];

const rowOf = (
  metric: MetricNode,
  dimensions: MetricRow["dimensions"],
  components: MetricRow["components"],
  windowEnd = END,
): MetricRow => ({
  op: "upsert",
  key: metricKey(dimensionTypes(metric.by), dimensions),
  dimensions,
  windowStart: windowEnd - 5 * MINUTE,
  windowEnd,
  components,
  incomplete: false,
  closed: true,
  latePending: 0,
  generation: 0,
  version: 1,
});

/** All samples whose names begin with a prefix, which is left out. */
async function exported(url: string, prefix: string): Promise<readonly string[]> {
  await fetch(`${url}/internal/force_flush`);
  const match = encodeURIComponent(`{__name__=~"${prefix}_.*"}`);
  const text = await (await fetch(`${url}/api/v1/export?match[]=${match}`)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Exported)
    .flatMap(({ metric, values, timestamps }) => {
      const { __name__: name = "", ...labels } = metric;
      const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const series = `${name.slice(prefix.length + 1)}{${inside.toSorted().join(",")}}`;
      return values.map((value, index) => `${series} ${value} @${timestamps[index]}`);
    })
    .toSorted();
}

/** A way to a server that can be shut and opened. */
async function doorTo(url: string): Promise<Server> {
  const { hostname, port } = new URL(url);
  const door = createServer((socket) => {
    const other = connect(Number(port), hostname);
    socket.on("error", () => other.destroy()).pipe(other);
    other.on("error", () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  return door;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

interface Exported {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

interface RangeAnswer {
  readonly data: {
    readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[];
  };
}
