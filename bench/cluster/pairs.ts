import { byHandOnFlink, oursOnFlink } from "./flink-sides.ts";
import type { Pair } from "./side.ts";
import { byHandOnStreams, oursOnStreams } from "./streams-sides.ts";

const onStreams = {
  engine: "Kafka Streams",
  needs: ["kafka", "registry"],
  ours: oursOnStreams,
  byHand: byHandOnStreams,
} as const;
const onFlink = {
  engine: "Flink",
  needs: ["kafka", "registry", "flink"],
  ours: oursOnFlink,
  byHand: byHandOnFlink,
} as const;

/** The shop's metrics that are also written by hand. */
export const pairs: readonly Pair[] = [
  { metric: "conversion-rates", ...onFlink },
  { metric: "page-view-counts", ...onStreams },
  { metric: "session-metrics", ...onStreams },
];
