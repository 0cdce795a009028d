/** Keys of a generation of `GroupKeys`. */
const KEYS_MAX = 65_536;

/**
 * The canonical key of a group (`metricKey`): for a while one object for all rows that have it, so
 * that whoever keeps something by key can remember it here instead of looking the text up. What the
 * first four users remember is in fields: each step through memory less counts where keys are many.
 */
export class GroupKey {
  /** Empty while it isn't made. */
  key: string;
  #first: unknown = undefined;
  #second: unknown = undefined;
  #third: unknown = undefined;
  #fourth: unknown = undefined;
  #more: unknown[] | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** What the user with this slot remembered last. */
  recall(slot: number): unknown {
    switch (slot) {
      case 0:
        return this.#first;
      case 1:
        return this.#second;
      case 2:
        return this.#third;
      case 3:
        return this.#fourth;
      default:
        return this.#more?.[slot];
    }
  }

  remember(slot: number, value: unknown): void {
    switch (slot) {
      case 0:
        this.#first = value;
        return;
      case 1:
        this.#second = value;
        return;
      case 2:
        this.#third = value;
        return;
      case 3:
        this.#fourth = value;
        return;
      default:
        this.#more ??= [];
        this.#more[slot] = value;
    }
  }
}

/** Group keys by their text, the ones asked for lately: at most two generations of them. */
export class GroupKeys {
  #young = new Map<string, GroupKey>();
  #old = new Map<string, GroupKey>();

  of(text: string): GroupKey {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const made = this.#old.get(text) ?? new GroupKey(text);
    if (this.#young.size >= KEYS_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, made);
    return made;
  }
}
