/**
 * The log's contract, case by case, on Kafka. Its suite can't be run here: that port is one process's
 * and synchronous, while a cluster's log is written by `KafkaAppender` and read by `KafkaBatchReader`,
 * over a network, with the ledger and the ids kept by others. So each of its cases is shown by a test
 * of Kafka's own, or is a gap with the reason.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

type Standing = { readonly shownBy: string } | { readonly gap: string };

const KAFKA: Readonly<Record<string, Standing>> = {
  "rows get offset, received time and partition, and come back as they went in": {
    shownBy: "rows come back as they went in, with offset, partition and received time",
  },
  "a read begins with the batch that contains the offset and stops at its bound": {
    shownBy: "many requests at once keep their order, and a reader may go back",
  },
  "a batch larger than its limit is stored as several, offsets running on": {
    gap: "batches are made by the producer, and a reader bounds them by what it fetches",
  },
  "everything is there after closing and opening again": {
    shownBy: "a broker that is killed stops nothing, and comes back",
  },
  "a failed append leaves nothing": {
    gap: "an append to several partitions isn't one step: what is sent again is there twice, and the gate behind the raw topic takes the second away",
  },
  "a heartbeat takes one offset of every partition and moves its progress": {
    shownBy: "a heartbeat is a batch without rows in every partition",
  },
  "changed tells once of each commit": {
    gap: "a fetch waits at the broker for what is new; there is nothing to look at in between",
  },
  "ledger and quarantine come with the events they are about": {
    gap: "the ledger is counted from the topics by loaders, and kept in the warehouse",
  },
  "an event is found by its identity": {
    gap: "Kafka can't be searched; the gate keeps ids in its state, and a trace asks the warehouse",
  },
  "retention by time and size waits for the slowest required reader": {
    gap: "Kafka removes by its topics' settings and waits for nobody: a reader that is too late is told",
  },
  "retention of quarantine and ledger: by age alone, nothing younger": {
    gap: "the quarantine is a topic with its own retention; both are kept by the warehouse's TTL",
  },
  "retention of quarantine and ledger takes a bounded number of rows a step": {
    gap: "Kafka removes whole segments, and the warehouse whole parts",
  },
  "a second writer is refused, and welcome after the first": {
    gap: "any number of collectors may write: partitions are appended to by the broker",
  },
};

const textOf = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

test("each case of the log's contract is shown on Kafka, or is a gap with its reason", () => {
  const suite = [...textOf("../log.suite.ts").matchAll(/withLog\(\s*"([^"]+)"/g)];
  assert.deepEqual(
    suite.map(([, title]) => title),
    Object.keys(KAFKA),
  );
  const tests = readdirSync(new URL(".", import.meta.url))
    .filter((name) => name.endsWith(".integration.test.ts"))
    .map(textOf)
    .join("\n");
  for (const [title, standing] of Object.entries(KAFKA)) {
    if ("gap" in standing) continue;
    assert.ok(tests.includes(`test("${standing.shownBy}"`), `nothing shows: ${title}`);
  }
});
