/** Keys of a generation of `GroupKeys`. */
const KEYS_MAX = 65_536;

/**
 * The canonical key of a group (`metricKey`): for a while one object for all rows that have it, so
 * that whoever keeps something by key can remember it here instead of looking the text up.
 */
export interface GroupKey {
  readonly text: string;
  /** What each user remembers, by its slot. */
  readonly known: unknown[];
}

export const groupKey = (text: string): GroupKey => ({ text, known: [] });

/** Group keys by their text, the ones asked for lately: at most two generations of them. */
export class GroupKeys {
  #young = new Map<string, GroupKey>();
  #old = new Map<string, GroupKey>();

  of(text: string): GroupKey {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const made = this.#old.get(text) ?? groupKey(text);
    if (this.#young.size >= KEYS_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, made);
    return made;
  }
}
