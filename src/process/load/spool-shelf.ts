import { LIMITS } from "../../core/limits.ts";
import type { Spool, SpoolBounds, SpoolPart } from "./spool.ts";
import type { SpoolFileSupply } from "./spool-files.ts";

/** A part that is kept, and the layout of its rows. */
interface Kept extends SpoolPart {
  /** Undefined where it has no rows. */
  readonly layoutId: number | undefined;
}

/** What is kept of one partition: parts that follow one another without a gap. */
interface Chain {
  /** Where the next part will begin. */
  next: number;
  readonly parts: Kept[];
}

/**
 * Spools that the loader has brought into the warehouse, kept until the lake has taken them, too:
 * so that rows are read from the log and taken apart once for both. Nothing depends on it. What
 * isn't here, after a start or because there was too much, the lake reads from the log itself.
 */
export class SpoolShelf {
  readonly files: SpoolFileSupply;
  readonly #bytesMax: number;
  readonly #chains = new Map<string, Chain>();
  #bytes = 0;

  constructor(files: SpoolFileSupply, bytesMax: number = LIMITS.shelfBytesMax) {
    this.files = files;
    this.#bytesMax = bytesMax;
  }

  /** Takes the parts of a spool that the warehouse has; their files are the shelf's from now on. */
  put({ topic, layoutId, parts }: Spool): void {
    for (const part of parts) this.#put(topic, { ...part, layoutId });
  }

  /**
   * How far the lake may come from `from` by what is here; `from` itself while the loader is yet to
   * bring what follows; undefined when nothing here begins there, nor will.
   */
  reach(topic: string, partition: number, from: number): number | undefined {
    const chain = this.#chains.get(keyOf(topic, partition));
    if (chain === undefined) return undefined;
    return from === chain.next || chain.parts.some((part) => part.from === from)
      ? chain.next
      : undefined;
  }

  /** Where what is here of a partition begins, if that is behind `from`. */
  startAfter(topic: string, partition: number, from: number): number | undefined {
    const chain = this.#chains.get(keyOf(topic, partition));
    return chain?.parts.find((part) => part.from > from)?.from;
  }

  /**
   * Takes the parts from `from` on that are in one layout, as many as the bounds allow, one at least;
   * their files are the caller's from now on. What is before them nobody needs any more.
   */
  take(topic: string, partition: number, from: number, bounds: SpoolBounds): Spool | undefined {
    const parts = this.#chains.get(keyOf(topic, partition))?.parts ?? [];
    const first = parts.findIndex((part) => part.from >= from);
    this.#release(parts.splice(0, first === -1 ? parts.length : first));
    if (parts[0]?.from !== from) return undefined;
    let count = 0;
    let layoutId: number | undefined;
    let rows = 0;
    let bytes = 0;
    for (const part of parts) {
      if (rows >= bounds.rowsMax || bytes >= bounds.bytesMax) break;
      layoutId ??= part.layoutId;
      if (part.layoutId !== undefined && part.layoutId !== layoutId) break;
      count++;
      rows += part.rows;
      bytes += part.bytes;
    }
    this.#bytes -= bytes;
    return { topic, layoutId, parts: parts.splice(0, count), rows, bytes, isWhole: false };
  }

  #put(topic: string, part: Kept): void {
    const key = keyOf(topic, part.partition);
    const chain = this.#chains.get(key) ?? { next: part.from, parts: [] };
    this.#chains.set(key, chain);
    const isFull =
      this.#bytes + part.bytes > this.#bytesMax || chain.parts.length >= LIMITS.shelfPartsMax;
    if (chain.next !== part.from || isFull) this.#release(chain.parts.splice(0));
    chain.next = part.to;
    const last = chain.parts.at(-1);
    if (part.rows === 0 && last !== undefined) {
      chain.parts[chain.parts.length - 1] = { ...last, to: part.to };
      return;
    }
    this.#bytes += part.bytes;
    if (isFull) this.#release([part]);
    else chain.parts.push(part);
  }

  #release(parts: readonly SpoolPart[]): void {
    for (const { path, bytes } of parts) {
      if (path !== undefined) this.files.giveBack(path);
      this.#bytes -= bytes;
    }
  }
}

const keyOf = (topic: string, partition: number): string => `${partition} ${topic}`;
