import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadDone, LoadMessage, LoadOrder } from "./messages.ts";

const GENERATOR = fileURLToPath(new URL("./generator.ts", import.meta.url));

/** The load generator, in a process of its own so that its cost is seen apart. */
export class LoadProcess {
  readonly #child: ChildProcess = fork(GENERATOR);

  get pid(): number {
    return this.#child.pid!;
  }

  /** Runs one order to its end; `onTold` hears how far it is. */
  run(order: LoadOrder, onTold: (acknowledged: number) => void = () => {}): Promise<LoadDone> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        child.off("message", receive);
        child.off("exit", gone);
        end();
      };
      const gone = (): void => settle(() => reject(new Error("the load generator ended")));
      const receive = (message: LoadMessage): void => {
        if (message.kind === "told") onTold(message.acknowledged);
        else if (message.kind === "done") settle(() => resolve(message));
        else settle(() => reject(new Error(message.message)));
      };
      child.on("message", receive);
      child.once("exit", gone);
      child.send(order);
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
