import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import type { Layout } from "../../language/schema/layout.ts";
import { syncFolder } from "./private-file.ts";

/**
 * The layouts that rows of the log are in, by the number their batches carry: one JSON line each,
 * only ever appended, so that rows of every earlier version of a definition stay readable. One
 * process writes, any may read.
 */
export class LayoutStore {
  readonly #path: string;
  #layouts: Layout[] = [];
  /** Bytes of the lines that were read or written. */
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#read();
  }

  /** The number of a layout; a new one is on disk, synced, when this returns. */
  numberOf(layout: Layout): number {
    const found = this.#layouts.findIndex((each) => each.id === layout.id);
    if (found >= 0) return found + 1;
    const line = Buffer.from(`${JSON.stringify(layout)}\n`);
    const file = openSync(this.#path, "a", 0o600);
    try {
      ftruncateSync(file, this.#bytes); // off with what a crash left of a line
      writeSync(file, line);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (this.#bytes === 0) syncFolder(dirname(this.#path));
    this.#bytes += line.length;
    return this.#layouts.push(layout);
  }

  /** The layout of a number, read again where another process may have added it. */
  layoutOf(number: number): Layout {
    if (number > this.#layouts.length) this.#read();
    const layout = this.#layouts[number - 1];
    if (layout !== undefined) return layout;
    throw new MillraceError("STORAGE_CORRUPT", `the log has rows in layout ${number}`, {
      hint: `${this.#path} doesn't have it: restore that file`,
    });
  }

  #read(): void {
    if (!existsSync(this.#path)) return;
    const text = readFileSync(this.#path, "utf8");
    // A torn last line was never used: its number is given out only after the sync.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.#bytes = Buffer.byteLength(whole);
    this.#layouts = whole
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Layout);
  }
}
