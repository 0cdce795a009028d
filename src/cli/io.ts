import { systemClock } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";

/** What a command may touch of the process it runs in. */
export interface Io {
  /** Results; what a pipe would take. */
  out(text: string): void;
  /** Notices, progress, errors. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder relative paths are relative to. */
  readonly cwd: string;
  /** Whether `err` is a terminal, so that a line may be drawn over. */
  readonly isTerminal: boolean;
  readonly clock: Clock;
  /**
   * Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. A command that
   * never reads this is ended by the first.
   */
  readonly signal: AbortSignal;
}

/** The real process. */
export function processIo(): Io {
  let controller: AbortController | undefined;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stderr.isTTY,
    clock: systemClock,
    get signal() {
      controller ??= abortOnSignals();
      return controller.signal;
    },
  };
}

function abortOnSignals(): AbortController {
  const controller = new AbortController();
  for (const [name, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(name);
    });
  }
  return controller;
}
