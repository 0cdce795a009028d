import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { eventLines } from "./event-lines.ts";

/** Events as NDJSON in a file, with the length of each line, its line feed included, beside it. */
export interface EventFile {
  readonly path: string;
  readonly lengthsPath: string;
  readonly events: number;
  readonly bytes: number;
}

export interface EventFileOptions {
  readonly folder: string;
  readonly events: number;
  readonly seed: number;
  readonly users: number;
  /** Time of the first event; a millisecond has 50. */
  readonly fromMs: number;
}

const EVENTS_PER_MS = 50;
const VISITS = 8_000;
const WRITE_BYTES = 4 * 1024 * 1024;

/** Writes the events that a benchmark sends, and loads for comparison. */
export function makeEventFile(options: EventFileOptions): EventFile {
  const { folder, events, seed, users, fromMs } = options;
  const path = `${folder}/events.ndjson`;
  const lengthsPath = `${folder}/events.lengths`;
  const next = eventLines({ seed, users, visits: Math.min(VISITS, users) });
  const lengths = new Uint16Array(events);
  const buffer = Buffer.allocUnsafe(WRITE_BYTES);
  const file = openSync(path, "w");
  let used = 0;
  let bytes = 0;
  for (let event = 0; event < events; event++) {
    if (used + 4_096 > buffer.length) {
      writeSync(file, buffer, 0, used);
      used = 0;
    }
    const length = buffer.write(`${next(fromMs + Math.floor(event / EVENTS_PER_MS))}\n`, used);
    lengths[event] = length;
    used += length;
    bytes += length;
  }
  writeSync(file, buffer, 0, used);
  closeSync(file);
  writeFileSync(lengthsPath, new Uint8Array(lengths.buffer));
  return { path, lengthsPath, events, bytes };
}
