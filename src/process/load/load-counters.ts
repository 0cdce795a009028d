/** What a loader or lake writer has done of one topic since its start, for `/metrics`. */
export interface LoadCounter {
  readonly topic: string;
  readonly rows: number;
  readonly bytes: number;
  /** Inserts into the warehouse, or ranges taken into the lake. */
  readonly units: number;
  /** Wall time of all units, from reading the log to the commit, ms. */
  readonly wallMs: number;
  /** Offsets of the log that aren't taken yet (heartbeats among them). */
  readonly lagRecords: number;
  /** How long ago the oldest event that isn't taken was received, ms; 0 at the end of the log. */
  readonly lagMs: number;
}

/** Adds up work by topic. */
export class LoadCounters {
  readonly #byTopic = new Map<
    string,
    { -readonly [Name in keyof LoadCounter]: LoadCounter[Name] }
  >();

  add(topic: string, work: { rows: number; bytes: number; wallMs: number }): void {
    const counter = this.#of(topic);
    counter.rows += work.rows;
    counter.bytes += work.bytes;
    counter.wallMs += work.wallMs;
    counter.units++;
  }

  setLag(topic: string, lag: { lagRecords: number; lagMs: number }): void {
    Object.assign(this.#of(topic), lag);
  }

  values(): LoadCounter[] {
    return [...this.#byTopic.values()].map((counter) => ({ ...counter }));
  }

  #of(topic: string) {
    let counter = this.#byTopic.get(topic);
    if (counter === undefined) {
      counter = { topic, rows: 0, bytes: 0, units: 0, wallMs: 0, lagRecords: 0, lagMs: 0 };
      this.#byTopic.set(topic, counter);
    }
    return counter;
  }
}
