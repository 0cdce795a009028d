import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import { LIMITS } from "../../core/limits.ts";
import type { Layout } from "../../language/schema/layout.ts";
import { ColumnBlock } from "./column-block.ts";
import { fileColumns } from "./load-topic.ts";

/** What ClickHouse calls the format of spools. */
export const SPOOL_FORMAT = "Native";

/** A block with room for what a spool writes at once; one serves many files. */
export const spoolBlock = (layout: Layout): ColumnBlock =>
  new ColumnBlock(layout, {
    rowsMax: LIMITS.spoolBlockRowsMax,
    bytesMax: LIMITS.spoolBlockBytesMax,
  });

/** Writes rows of one layout into a file in ClickHouse's format Native: columns, block by block. */
export class NativeFile {
  readonly #handle: number;
  /** Before the values of each column: its name and its type. */
  readonly #heads: readonly Buffer[];
  readonly #block: ColumnBlock;
  #length = 0;

  /** Over what is at `path`, if anything is. `block` is empty, and will be in the end. */
  constructor(path: string, layout: Layout, block: ColumnBlock) {
    this.#heads = fileColumns(layout).map(({ name, type }) =>
      Buffer.concat([textOf(name), textOf(type)]),
    );
    this.#block = block;
    this.#handle = openSync(path, constants.O_WRONLY | constants.O_CREAT);
  }

  /** Takes all of these rows; gives how many they were. */
  write(rows: Uint8Array): number {
    const block = this.#block;
    let count = 0;
    for (let at = 0; at < rows.length;) {
      const before = block.rows;
      at = block.take(rows, at);
      count += block.rows - before;
      if (block.isFull) this.#flush();
    }
    return count;
  }

  /** Writes what is left and cuts off what was there before. */
  finish(): void {
    if (this.#block.rows > 0) this.#flush();
    ftruncateSync(this.#handle, this.#length);
  }

  close(): void {
    this.#block.clear();
    closeSync(this.#handle);
  }

  #flush(): void {
    const block = this.#block;
    this.#put(Buffer.concat([lengthOf(this.#heads.length), lengthOf(block.rows)]));
    for (const [column, head] of this.#heads.entries()) {
      this.#put(head);
      this.#put(block.nullsOf(column));
      this.#put(block.valuesOf(column));
    }
    block.clear();
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#handle, bytes, at);
    this.#length += bytes.length;
  }
}

function textOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([lengthOf(bytes.length), bytes]);
}

/** A number in LEB128. */
function lengthOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
