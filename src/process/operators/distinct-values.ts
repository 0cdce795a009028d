import type { Json } from "../../core/canonical-json.ts";

/** Values up to which a plain array is smaller and quicker than a set. */
const ARRAY_MAX = 8;

/**
 * The distinct values of a group, exact up to a limit. Beyond it the values are forgotten, the
 * count stays at the limit and says that it was exceeded.
 */
export class DistinctValues {
  readonly #limit: number;
  #values: (string | bigint)[] | Set<string | bigint> | undefined = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get exceeded(): boolean {
    return this.#values === undefined;
  }

  get count(): number {
    const values = this.#values;
    return values === undefined ? this.#limit : Array.isArray(values) ? values.length : values.size;
  }

  add(value: string | bigint): void {
    const values = this.#values;
    if (values === undefined) return;
    if (!Array.isArray(values)) values.add(value);
    else if (values.includes(value)) return;
    else {
      values.push(value);
      if (values.length > ARRAY_MAX) this.#values = new Set(values);
    }
    if (this.count > this.#limit) this.#values = undefined;
  }

  addAll(other: DistinctValues): void {
    if (other.#values === undefined) this.#values = undefined;
    else for (const value of other.#values) this.add(value);
  }

  /** Texts as text, whole numbers as `[text]`; null when the limit was exceeded. */
  encode(): Json {
    if (this.#values === undefined) return null;
    return [...this.#values].map((value) => (typeof value === "bigint" ? [String(value)] : value));
  }

  static decode(limit: number, json: Json): DistinctValues {
    const made = new DistinctValues(limit);
    if (json === null) made.#values = undefined;
    else {
      for (const each of json as Json[]) {
        made.add(Array.isArray(each) ? BigInt(each[0] as string) : (each as string));
      }
    }
    return made;
  }
}
