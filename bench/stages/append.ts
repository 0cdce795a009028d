import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Clock } from "../../src/core/clock.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { AppendRequest } from "../../src/storage/log/append-request.ts";
import { openEmbeddedLogReader } from "../../src/storage/log/embedded/embedded-log-reader.ts";
import { startLogWriter } from "../../src/storage/log/embedded/log-writer.ts";

export interface AppendBenchOptions {
  readonly dedup: boolean;
  readonly events?: number;
  readonly rowBytes?: number;
  readonly requestEvents?: number;
  readonly inFlight?: number;
}

export interface AppendBenchResult {
  readonly events: number;
  /** Microseconds of wall time per event, append to acknowledgement, requests overlapping. */
  readonly appendUs: number;
  /** CPU microseconds per event of both threads, making the requests included. */
  readonly appendCpuUs: number;
  readonly readUs: number;
  readonly commits: number;
  readonly commitMsP50: number;
  readonly commitMsP99: number;
}

const PARTITIONS = 4;

/** Measures the log-writer thread: synced commits, with or without deduplication, then reading. */
export async function benchAppend(
  clock: Clock,
  options: AppendBenchOptions,
): Promise<AppendBenchResult> {
  const { dedup, events = 1_000_000, rowBytes = 300, requestEvents = 100, inFlight = 50 } = options;
  const dir = mkdtempSync(`${tmpdir()}/millrace-append-bench-`);
  const writer = await startLogWriter({ dir, topics: [{ topic: "t", partitions: PARTITIONS }] });
  const random = seededRandom(1);
  const word = (): number => random.integer(2 ** 32);
  const request = (): AppendRequest => ({
    sets: [
      {
        topic: "t",
        layoutId: 1,
        rows: new Uint8Array(rowBytes * requestEvents).fill(word()),
        rowStarts: Uint32Array.from({ length: requestEvents }, (_, row) => row * rowBytes),
        times: new Float64Array(requestEvents).fill(clock.nowMs()),
        partitionHash: Int32Array.from({ length: requestEvents }, word),
        hashes: dedup ? Uint32Array.from({ length: requestEvents * 3 }, word) : undefined,
      },
    ],
    counts: [{ topic: "t", status: "in", n: requestEvents }],
  });
  let sent = 0;
  const client = async (): Promise<void> => {
    for (; sent < events;) {
      sent += requestEvents;
      await writer.append(request());
    }
  };
  const cpu = process.cpuUsage();
  const start = clock.monotonicMs();
  await Promise.all(Array.from({ length: inFlight }, client));
  const ms = clock.monotonicMs() - start;
  const { user, system } = process.cpuUsage(cpu);
  const { commits, commitMsP50, commitMsP99 } = await writer.stats();
  const readUs = (readEverything(clock, dir) * 1_000) / sent;
  await writer.close();
  rmSync(dir, { recursive: true });
  const appendUs = (ms * 1_000) / sent;
  const appendCpuUs = (user + system) / sent;
  return { events: sent, appendUs, appendCpuUs, readUs, commits, commitMsP50, commitMsP99 };
}

/** Milliseconds to read all of the log, checksums included. */
function readEverything(clock: Clock, dir: string): number {
  const reader = openEmbeddedLogReader(dir);
  const start = clock.monotonicMs();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let from = 0; ;) {
      const last = reader.read({ topic: "t", partition, from }).at(-1);
      if (last === undefined) break;
      from = last.endOffset;
    }
  }
  const ms = clock.monotonicMs() - start;
  reader.close();
  return ms;
}
