/** One part that is killed, and started again. */
export interface Kill {
  /** Of all events, how many were sent before: from 0 to 1. */
  readonly at: number;
  readonly what: string;
  /** Resolves when it has been started again. */
  readonly kill: () => Promise<void>;
}

/** Kills that fall due as a run goes on; one at a time, while the run goes on. */
export class Kills {
  readonly #waiting: Kill[];
  #under: Promise<void> = Promise.resolve();

  constructor(kills: readonly Kill[]) {
    this.#waiting = kills.toSorted((one, other) => one.at - other.at);
  }

  /** Begins those that are due. */
  due(done: number, tell: (text: string) => void): void {
    while ((this.#waiting[0]?.at ?? Infinity) <= done) {
      const { what, kill } = this.#waiting.shift()!;
      this.#under = this.#under.then(() => {
        tell(`${what}: killed`);
        return kill();
      });
      // `ended` tells of it; until then nobody waits for it.
      this.#under.catch(() => undefined);
    }
  }

  /** Resolves when every part runs again; rejects with what couldn't be started. */
  async ended(): Promise<void> {
    await this.#under;
    if (this.#waiting.length > 0) throw new Error(`never killed: ${this.#waiting[0]!.what}`);
  }
}
