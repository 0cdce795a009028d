/** Why a query isn't run now. */
export class PoolFull extends Error {}

/**
 * A bounded set of equal resources, each used by one caller at a time, first come first served.
 * Beyond `waitingMax` waiting callers `use` rejects with `PoolFull`.
 */
export class SessionPool<Session> {
  readonly #free: Session[];
  readonly #waiting: ((session: Session) => void)[] = [];
  readonly #waitingMax: number;
  readonly #make: () => Promise<Session>;

  /** `make` gives a new session for one that is given up. */
  constructor(sessions: readonly Session[], waitingMax: number, make: () => Promise<Session>) {
    this.#free = [...sessions];
    this.#make = make;
    this.#waitingMax = waitingMax;
  }

  /** Callers that wait for a session now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a session; the caller must `release` it once, whatever happens. */
  acquire(): Promise<Session> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#waiting.length >= this.#waitingMax) {
      return Promise.reject(new PoolFull(`${this.#waiting.length} queries wait already`));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Puts a new session in the place of an acquired one, which is left to itself. */
  async replace(): Promise<void> {
    this.release(await this.#make());
  }

  release(session: Session): void {
    const next = this.#waiting.shift();
    if (next) next(session);
    else this.#free.push(session);
  }
}
