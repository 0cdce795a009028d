import type { DoorInput, DoorProgram } from "../../../ingest/door-program.ts";
import { inputNamed, type Intake } from "../../../ingest/source/intake.ts";
import type { ClusterConfig } from "../cluster-config.ts";
import type { ClusterSource } from "../cluster-sources.ts";
import { fileSources, fileTopic } from "../connect/source-topics.ts";
import { asBuffer, type TakeBatch } from "./take-changes.ts";

/** By the topics that Connect writes files' lines to: each line as an event. */
export const lineTopics = (
  program: DoorProgram,
  intake: Intake,
  { prefix, sources }: ClusterConfig,
): ReadonlyMap<string, TakeBatch> =>
  new Map(
    fileSources(sources).map((source) => {
      const candidates = candidatesOf(program, source);
      const take: TakeBatch = async ({ records }) => {
        const lines = records.flatMap(({ value }) => (value === null ? [] : [asBuffer(value)]));
        // They wait for one sending; in their order, for the appender keeps it.
        await Promise.all(
          lines
            .filter((line) => line.toString("latin1").trim() !== "")
            .map((line) => intake.takeBody(line, candidates, source.kind)),
        );
      };
      return [fileTopic(prefix, source), take] as const;
    }),
  );

/** The event that a source names, or all of the definition. */
export const candidatesOf = (
  program: DoorProgram,
  { topic }: ClusterSource,
): readonly DoorInput[] => (topic === undefined ? program.events : [inputNamed(program, topic)]);
