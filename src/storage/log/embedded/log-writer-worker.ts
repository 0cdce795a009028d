/** The thread that owns the log's writer and the gate's index. Started by `log-writer.ts` only. */
import { parentPort, workerData, type Transferable } from "node:worker_threads";
import { systemClock, type Clock } from "../../../core/clock.ts";
import { assert, MillraceError } from "../../../core/errors.ts";
import { SECRET_BYTES } from "../../ids/identity-hash.ts";
import { IdsIndex } from "../../ids/ids-index.ts";
import {
  requestBytes,
  requestDefect,
  type AppendRequest,
  type AppendResult,
} from "../append-request.ts";
import type { PartitionEnd } from "../log.ts";
import { openEmbeddedLogReader } from "./embedded-log-reader.ts";
import { openEmbeddedLog } from "./embedded-log.ts";
import { Gate, GATE_READER } from "./gate.ts";
import { Durations } from "./durations.ts";
import {
  toWire,
  type FromWriter,
  type ToWriter,
  type WriterCalls,
  type WriterSettings,
} from "./writer-messages.ts";

assert(parentPort !== null, "this file is a worker thread");
const port = parentPort;
const settings = workerData as WriterSettings;
const send = (message: FromWriter, transfer: Transferable[] = []): void =>
  port.postMessage(message, transfer);

try {
  await run();
} catch (error) {
  send({ kind: "failed", error: toWire(error) });
}

async function run(): Promise<void> {
  const clock = clockOf(settings.clock);
  const log = openEmbeddedLog({
    ...settings,
    clock,
    requiredReaders: [...settings.requiredReaders, GATE_READER],
  });
  for (const { topic, partitions } of settings.topics) log.ensureTopic(topic, partitions);
  const index = new IdsIndex<PartitionEnd[]>({
    ...settings,
    dir: `${settings.dir}/ids`,
    mark: () => log.ends(),
    covered: (ends) =>
      log.setPositions(
        GATE_READER,
        ends.map(({ topic, partition, end }) => ({ topic, partition, offset: end })),
      ),
  });
  const remembered = log.stamp() - settings.horizonMs;
  for (const { ids, receivedAt } of log.idsSince(index.isNew ? undefined : GATE_READER)) {
    if (receivedAt >= remembered) await index.restore(ids, receivedAt);
  }
  const reader = openEmbeddedLogReader(settings.dir);
  const gate = new Gate(log, index);
  const durations = new Durations(1024);
  const totals = { commits: 0, events: 0, duplicates: 0 };
  const calls: WriterCalls = {
    heartbeat: () => log.heartbeat(),
    ensureTopic: (topic, partitions) => log.ensureTopic(topic, partitions),
    setPositions: (name, positions) => log.setPositions(name, positions),
    trim: (bounds) => log.trim(bounds),
    locate(hash) {
      const receivedAt = index.find(hash);
      return receivedAt === undefined ? undefined : reader.locate(hash, receivedAt);
    },
    stats: () => ({
      ...totals,
      commitMsP50: durations.quantile(0.5),
      commitMsP99: durations.quantile(0.99),
      ids: index.stats(),
    }),
    close() {
      reader.close();
      log.close();
    },
  };

  const queue: ToWriter[] = [];
  let draining = false;
  port.on("message", (message: ToWriter) => {
    queue.push(message);
    if (draining) return;
    draining = true;
    setImmediate(() => void drain());
  });
  send({ kind: "ready", secret: log.secret("ids", SECRET_BYTES) });

  /** Works the queue off in order, what arrives meanwhile included. */
  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const message = queue[0]!;
      if (message.kind === "append") await commitGroup(takeGroup());
      else await call(queue.shift() as ToWriter & { kind: "call" });
      await new Promise((resolve) => setImmediate(resolve)); // lets messages in
    }
    draining = false;
  }

  /** The appends at the head of the queue, up to the size of one commit. */
  function takeGroup(): { ids: number[]; requests: AppendRequest[] } {
    const group: { ids: number[]; requests: AppendRequest[] } = { ids: [], requests: [] };
    let bytes = 0;
    let events = 0;
    let taken = 0;
    for (const message of queue) {
      if (message.kind !== "append") break;
      if (events >= settings.commitEventsMax || bytes >= settings.batchBytesMax) break;
      taken++;
      const defect = defectOf(message.request);
      if (defect !== undefined) {
        send({ kind: "rejected", ids: [message.id], error: toWire(defect) });
        continue;
      }
      bytes += requestBytes(message.request);
      for (const { rowStarts } of message.request.sets) events += rowStarts.length;
      group.ids.push(message.id);
      group.requests.push(message.request);
    }
    queue.splice(0, taken);
    return group;
  }

  async function commitGroup({ ids, requests }: ReturnType<typeof takeGroup>): Promise<void> {
    if (requests.length === 0) return;
    const start = clock.monotonicMs();
    let results: AppendResult[];
    try {
      results = await gate.commit(requests);
    } catch (error) {
      send({ kind: "rejected", ids, error: toWire(error) });
      return;
    }
    durations.add(clock.monotonicMs() - start);
    totals.commits++;
    const transfer: Transferable[] = [];
    for (const { status, offsets, partitions } of results.flatMap(({ sets }) => sets)) {
      transfer.push(
        status.buffer as ArrayBuffer,
        offsets.buffer as ArrayBuffer,
        partitions.buffer as ArrayBuffer,
      );
      totals.events += status.length;
      for (const one of status) totals.duplicates += one;
    }
    send({ kind: "appended", ids, results }, transfer);
  }

  async function call({ id, name, args }: ToWriter & { kind: "call" }): Promise<void> {
    try {
      if (name === "close") await index.close();
      if (name === "trim") await index.settle(log.stamp());
      const method = calls[name] as (...args: readonly unknown[]) => unknown;
      send({ kind: "answer", id, value: method(...args) });
      if (name === "close") port.close();
    } catch (error) {
      send({ kind: "rejected", ids: [id], error: toWire(error) });
    }
  }

  function defectOf(request: AppendRequest): MillraceError | undefined {
    const defect = requestDefect(request);
    if (defect !== undefined) return new MillraceError("INTERNAL", `append: ${defect}`);
    try {
      for (const { topic } of request.sets) log.partitionsOf(topic);
      return undefined;
    } catch (error) {
      return error as MillraceError;
    }
  }
}

function clockOf(shared: SharedArrayBuffer | undefined): Clock {
  if (shared === undefined) return systemClock;
  const cell = new Float64Array(shared);
  return { nowMs: () => cell[0]!, monotonicMs: () => systemClock.monotonicMs() };
}
