import type { StatementSync } from "node:sqlite";
import type { LogCommit } from "../log.ts";

/** Adds what a commit holds to the ledger of its minute, one statement per line of the ledger. */
export function addCounts(statement: StatementSync, minute: number, commit: LogCommit): void {
  const lines = new Map<string, [string, number, string, string, string, number]>();
  const add = (
    topic: string,
    partition: number,
    status: string,
    reason: string,
    source: string,
    n: number,
  ): void => {
    const key = [topic, partition, status, reason, source].join("\0");
    const line = lines.get(key);
    if (line === undefined) lines.set(key, [topic, partition, status, reason, source, n]);
    else line[5] += n;
  };
  for (const { topic, partition, rowStarts } of commit.batches) {
    if (rowStarts.length > 0) add(topic, partition, "accepted", "", "", rowStarts.length);
  }
  for (const { topic, reason, source } of commit.quarantine ?? []) {
    add(topic, -1, "quarantined", reason, source ?? "", 1);
  }
  for (const { topic, status, reason, source, n } of commit.counts ?? []) {
    if (n > 0) add(topic, -1, status, reason ?? "", source ?? "", n);
  }
  for (const line of lines.values()) statement.run(minute, ...line);
}
