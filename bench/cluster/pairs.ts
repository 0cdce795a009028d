import { byHandOnFlink, oursOnFlink } from "./flink-sides.ts";
import type { Pair } from "./side.ts";
import { byHandOnStreams, oursOnStreams } from "./streams-sides.ts";

const onStreams = { engine: "Kafka Streams", ours: oursOnStreams, byHand: byHandOnStreams };
const onFlink = { engine: "Flink", ours: oursOnFlink, byHand: byHandOnFlink };

/** The shop's metrics that are also written by hand. */
export const pairs: readonly Pair[] = [
  { metric: "conversion-rates", ...onFlink },
  { metric: "page-view-counts", ...onStreams },
  { metric: "session-metrics", ...onStreams },
];
