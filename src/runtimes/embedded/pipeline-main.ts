import { startPipeline, type Pipeline } from "./pipeline.ts";
import type { MainCalls, PipelineCalls } from "./pipeline-calls.ts";
import { connect } from "./rpc.ts";

// The process of stream, load, lake and batch. It lives as long as its parent's channel.
process.on("disconnect", () => process.exit(0));
// The parent decides when to stop; a Ctrl-C at the terminal reaches the whole group.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

let pipeline: Pipeline | undefined;
const running = (): Pipeline => {
  if (pipeline === undefined) throw new Error("the pipeline hasn't been started");
  return pipeline;
};

const calls: PipelineCalls = {
  start: async (config) => {
    pipeline = await startPipeline(config, main);
  },
  openRows: async ({ metric, query }) => running().openRows(metric, query),
  summaries: async () => running().summaries(),
  stats: async () => running().stats(),
  amend: (request) => running().amend(request),
  backfill: (request) => running().backfill(request),
  audit: (request) => running().audit(request),
  stop: async () => pipeline?.stop(),
};

const main = connect<MainCalls>(
  {
    // An answer that finds the parent gone is for nobody: `disconnect` ends this process.
    send: (message) => void process.send?.(message, () => undefined),
    onMessage: (receive) => process.on("message", receive),
    onClose: () => undefined,
  },
  calls,
);
