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

  constructor(sessions: readonly Session[], waitingMax: number) {
    this.#free = [...sessions];
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

  release(session: Session): void {
    const next = this.#waiting.shift();
    if (next) next(session);
    else this.#free.push(session);
  }
}
