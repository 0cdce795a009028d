const HOUR_MS = 3_600_000;

/** Late, imported and misplaced events of one hour of event time in one partition. */
export interface TouchedHour {
  /** Start of the hour, ms. */
  readonly hour: number;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly n: number;
}

/** What amendment has to look at again. */
export class TouchedHours {
  readonly #hours = new Map<string, { -readonly [Name in keyof TouchedHour]: TouchedHour[Name] }>();

  add(time: number, partition: number, offset: number): void {
    const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
    const id = `${hour} ${partition}`;
    const known = this.#hours.get(id);
    if (known === undefined) {
      this.#hours.set(id, { hour, partition, firstOffset: offset, lastOffset: offset, n: 1 });
      return;
    }
    known.firstOffset = Math.min(known.firstOffset, offset);
    known.lastOffset = Math.max(known.lastOffset, offset);
    known.n++;
  }

  /** What was added since the last call. */
  drain(): TouchedHour[] {
    const hours = [...this.#hours.values()];
    this.#hours.clear();
    return hours;
  }
}
