import { type Entry, UNSCHEDULED } from "./keyed-state.ts";

/** Width of a slot, ms of received time. */
const SLOT_MS = 5_000;

/**
 * Entries by when they are due, coarsely: adding is cheap, and an entry whose `due` moved on (as a
 * session's does with every event) is only moved when its old slot comes up.
 */
export class Calendar<E extends Entry> {
  readonly #slots = new Map<number, E[]>();

  /** Sees to it that the entry comes up when it is due, or before. */
  schedule(entry: E): void {
    const { due } = entry;
    if (due === Infinity) return;
    const slot = Math.floor(due / SLOT_MS);
    if (entry.scheduledAt !== UNSCHEDULED && entry.scheduledAt <= slot) return;
    entry.scheduledAt = slot;
    const waiting = this.#slots.get(slot);
    if (waiting === undefined) this.#slots.set(slot, [entry]);
    else waiting.push(entry);
  }

  /** Held entries with `due` ≤ `until`; they stay scheduled. */
  due(until: number): E[] {
    const last = Math.floor(until / SLOT_MS);
    const found: E[] = [];
    const again: E[] = [];
    for (const [slot, waiting] of this.#slots) {
      if (slot > last) continue;
      this.#slots.delete(slot);
      for (const entry of waiting) {
        if (entry.scheduledAt !== slot || !entry.held) continue;
        if (entry.due <= until) found.push(entry);
        entry.scheduledAt = UNSCHEDULED;
        again.push(entry);
      }
    }
    for (const entry of again) this.schedule(entry);
    return found;
  }
}
