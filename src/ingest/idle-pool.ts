import { LIMITS } from "../core/limits.ts";

/** Something with a buffer that can be used again. */
interface Reusable {
  readonly bytes: Uint8Array;
  /** Makes it as new, but for the room it has. */
  clear(): void;
}

/** Buffers that wait to be used again, so that a request doesn't begin by allocating. */
export class IdlePool<Item extends Reusable> {
  readonly #make: () => Item;
  readonly #free: Item[] = [];
  #bytes = 0;

  constructor(make: () => Item) {
    this.#make = make;
  }

  take(): Item {
    const item = this.#free.pop();
    if (item === undefined) return this.#make();
    this.#bytes -= item.bytes.length;
    return item;
  }

  giveBack(item: Item): void {
    const bytes = item.bytes.length;
    if (bytes > LIMITS.idleBufferBytesMax || this.#bytes + bytes > LIMITS.idleBytesMax) return;
    item.clear();
    this.#free.push(item);
    this.#bytes += bytes;
  }
}
