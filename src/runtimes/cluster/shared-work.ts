import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import {
  startWorkLoop,
  type WorkLoop,
  type WorkLoopOptions,
} from "../../process/load/work-loop.ts";
import type { Membership } from "../../storage/log/kafka/kafka-group.ts";

/** Work on the partitions of one membership. */
export interface MemberWork extends Pick<WorkLoopOptions, "step" | "intervalMs"> {
  /** After its last step. */
  readonly end?: () => void;
}

export interface SharedWorkOptions {
  /** Makes the work on the partitions that this replica has from now on. */
  readonly begin: (membership: Membership) => Promise<MemberWork>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 1_000;

/**
 * What one replica does of a work that a group shares: ended, and begun anew, whenever the
 * partitions are shared out anew.
 */
export class SharedWork {
  readonly #options: SharedWorkOptions;
  #loop: WorkLoop | undefined;
  #work: MemberWork | undefined;
  #changing: Promise<void> = Promise.resolve();
  /** The newest membership; none once it is over. */
  #current: Membership | undefined;

  constructor(options: SharedWorkOptions) {
    this.#options = options;
  }

  /** To be told of each membership. */
  take(membership: Membership): void {
    this.#current = membership;
    this.#changing = this.#changing.then(() => this.#begin(membership));
  }

  async close(): Promise<void> {
    this.#current = undefined;
    await this.#changing;
    await this.#end();
  }

  /** Tries until it has begun, or the partitions were shared out anew. */
  async #begin(membership: Membership): Promise<void> {
    const { begin, clock, onError } = this.#options;
    await this.#end();
    while (this.#current === membership) {
      try {
        this.#work = await begin(membership);
        this.#loop = startWorkLoop({ ...this.#work, clock, onError });
        return;
      } catch (error) {
        onError(error);
        await sleep(RETRY_MS);
      }
    }
  }

  async #end(): Promise<void> {
    await this.#loop?.stop();
    this.#work?.end?.();
    this.#loop = undefined;
    this.#work = undefined;
  }
}
