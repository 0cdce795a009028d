import { wholePipeline } from "./whole-pipeline.ts";

export default wholePipeline("flink");
