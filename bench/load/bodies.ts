import { openSync, readFileSync, readSync } from "node:fs";
import type { EventFile } from "../events/event-file.ts";
import { LINE } from "../events/event-lines.ts";

/** Bodies of so many events, read from the file of events again and again, as new each time. */
export interface Bodies {
  /** Writes the next body into `into` at `at`, its times about `nowMs`; gives its length. */
  next(into: Buffer, at: number, nowMs: number): number;
}

/** The room that a body may take. */
export const bodyBytesMax = (perBody: number): number => perBody * 1_024;

const ID_DIGITS = 8;

/**
 * Opens a file of events. Each body takes the next `perBody` lines; their times are written anew,
 * in order but for one in sixteen, which is up to two seconds older. From the second round on ids
 * are written anew as well, so that no event is sent twice.
 */
export function openBodies(file: EventFile, perBody: number): Bodies {
  const fd = openSync(file.path, "r");
  const raw = readFileSync(file.lengthsPath);
  const lengths = new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2);
  const seconds = new SecondTexts();
  let event = 0;
  let position = 0;
  let round = 0;

  return {
    next(into, at, nowMs) {
      if (event + perBody > file.events) {
        event = 0;
        position = 0;
        round += 1;
      }
      let length = 0;
      for (let line = 0; line < perBody; line++) length += lengths[event + line]!;
      readSync(fd, into, at, length, position);
      position += length;
      const id = round === 0 ? "" : (round * 0x9e37 + 0x1000_0000).toString(16).slice(-ID_DIGITS);
      for (let line = 0, start = at; line < perBody; line++) {
        const late = (event + line) % 16 === 7 ? (event * 31) % 2_000 : 0;
        seconds.write(into, start + LINE.timeAt, nowMs - perBody + line - late);
        if (round > 0) into.write(id, start + LINE.idAt, "latin1");
        start += lengths[event + line]!;
      }
      event += perBody;
      return length;
    },
  };
}

/** Writes times as text; the part down to the second is made once a second. */
class SecondTexts {
  readonly #texts = new Map<number, Uint8Array>();

  write(into: Buffer, at: number, timeMs: number): void {
    const second = Math.floor(timeMs / 1_000);
    const text = this.#texts.get(second) ?? this.#make(second);
    for (let index = 0; index < text.length; index++) into[at + index] = text[index]!;
    const ms = timeMs - second * 1_000;
    into[at + 20] = 48 + Math.floor(ms / 100);
    into[at + 21] = 48 + (Math.floor(ms / 10) % 10);
    into[at + 22] = 48 + (ms % 10);
  }

  #make(second: number): Uint8Array {
    if (this.#texts.size > 60) this.#texts.clear();
    const text = Buffer.from(new Date(second * 1_000).toISOString().slice(0, 20));
    this.#texts.set(second, text);
    return text;
  }
}
