/** The thread that owns the log's writer and the gate's index. Started by `log-writer.ts` only. */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock, type Clock } from "../../../core/clock.ts";
import { assert } from "../../../core/errors.ts";
import { SECRET_BYTES } from "../../ids/identity-hash.ts";
import { IdsIndex } from "../../ids/ids-index.ts";
import type { PartitionEnd, ReaderPosition, RetentionBounds } from "../log.ts";
import { openEmbeddedLogReader } from "./embedded-log-reader.ts";
import { openEmbeddedLog, type EmbeddedLog } from "./embedded-log.ts";
import { Gate, GATE_READER } from "./gate.ts";
import { WriterLoop, type WriterParts } from "./writer-loop.ts";
import { toWire, type FromWriter, type ToWriter, type WriterSettings } from "./writer-messages.ts";

assert(parentPort !== null, "this file is a worker thread");
const port = parentPort;
const settings = workerData as WriterSettings;
const send = (message: FromWriter): void => port.postMessage(message);

try {
  const clock = clockOf(settings.clock);
  const requiredReaders = [...settings.requiredReaders, GATE_READER];
  const log = openEmbeddedLog({ ...settings, clock, requiredReaders });
  for (const { topic, partitions } of settings.topics) log.ensureTopic(topic, partitions);
  const index = await restoredIndex(log);
  const calls = callsOf(log, index, () => ({ ...loop.counts(), ids: index.stats() }));
  const loop = new WriterLoop({ clock, settings, log, gate: new Gate(log, index), calls, send });
  port.on("message", (message: ToWriter) => loop.receive(message));
  send({ kind: "ready", secret: log.secret("ids", SECRET_BYTES) });
} catch (error) {
  send({ kind: "failed", error: toWire(error) });
}

/** The gate's index, with what was only in memory put back from the log. */
async function restoredIndex(log: EmbeddedLog): Promise<IdsIndex<PartitionEnd[]>> {
  const index = new IdsIndex<PartitionEnd[]>({
    ...settings,
    dir: `${settings.dir}/ids`,
    mark: () => log.ends(),
    covered: (ends) => log.setPositions(GATE_READER, ends.map(positionOf)),
  });
  const remembered = log.stamp() - settings.horizonMs;
  for (const { ids, receivedAt } of log.idsSince(index.isNew ? undefined : GATE_READER)) {
    if (receivedAt >= remembered) await index.restore(ids, receivedAt);
  }
  return index;
}

function positionOf({ topic, partition, end }: PartitionEnd): ReaderPosition {
  return { topic, partition, offset: end };
}

function callsOf(
  log: EmbeddedLog,
  index: IdsIndex<PartitionEnd[]>,
  stats: () => unknown,
): WriterParts["calls"] {
  const reader = openEmbeddedLogReader(settings.dir);
  return {
    stats,
    heartbeat: () => log.heartbeat(),
    ensureTopic: (topic: string, partitions: number) => log.ensureTopic(topic, partitions),
    setPositions: (name: string, positions: readonly ReaderPosition[]) =>
      log.setPositions(name, positions),
    async trim(bounds: RetentionBounds) {
      await index.settle(log.stamp());
      return log.trim(bounds);
    },
    locate(hash: Uint32Array) {
      const receivedAt = index.find(hash);
      return receivedAt === undefined ? undefined : reader.locate(hash, receivedAt);
    },
    async close() {
      await index.close();
      reader.close();
      log.close();
      setImmediate(() => port.close()); // after the answer
    },
  };
}

function clockOf(shared: SharedArrayBuffer | undefined): Clock {
  if (shared === undefined) return systemClock;
  const cell = new Float64Array(shared);
  return { nowMs: () => cell[0]!, monotonicMs: () => systemClock.monotonicMs() };
}
