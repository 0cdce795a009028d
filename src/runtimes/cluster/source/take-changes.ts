import { DebeziumReader } from "../../../ingest/source/debezium.ts";
import type { CameAs, Intake } from "../../../ingest/source/intake.ts";
import { inputNamed } from "../../../ingest/source/intake.ts";
import type { DoorProgram } from "../../../ingest/door-program.ts";
import type { InBatch } from "../../../storage/log/kafka/kafka-client.ts";
import { sourcedTables, tableSourceNames } from "../connect/source-topics.ts";

/** Takes what one topic of sources has. */
export type TakeBatch = (batch: InBatch) => Promise<void>;

/** Rows of one append at most: a snapshot comes by the megabyte. */
const ROWS_MAX = 2_000;

/** By the topics that Debezium writes: their changes as rows of the definition's tables. */
export function changeTopics(
  program: DoorProgram,
  intake: Intake,
  prefix: string,
): ReadonlyMap<string, TakeBatch> {
  return new Map(
    sourcedTables(program.plan).map((node) => {
      const table = inputNamed(program, node.name);
      const reader = new DebeziumReader(table.finisher.topic, node.from);
      const take: TakeBatch = async ({ records }) => {
        const changes = records.flatMap(({ value }): CameAs[] => {
          if (value === null) return [];
          const raw = asBuffer(value);
          return reader.changes(raw).map((change) => ({ change, raw }));
        });
        for (let from = 0; from < changes.length; from += ROWS_MAX) {
          await intake.takeChanges(changes.slice(from, from + ROWS_MAX), table, node.from.kind);
        }
      };
      return [tableSourceNames(prefix, node).changes, take] as const;
    }),
  );
}

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
