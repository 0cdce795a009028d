import { number } from "./import-text.ts";
import type { Io } from "./io.ts";

const BAR_CELLS = 24;
const DRAW_MS = 100;
const LINE_MS = 5_000;

/** Shows how far an import is: a bar on a terminal, elsewhere a line every few seconds. */
export class ImportMeter {
  readonly #io: Io;
  readonly #startMs: number;
  readonly #isQuiet: boolean;
  /** Where this run began. */
  #from: { readonly rows: number; readonly fraction: number } | undefined;
  #nextMs = 0;
  #isDrawn = false;

  constructor(io: Io, isQuiet: boolean) {
    this.#io = io;
    this.#isQuiet = isQuiet;
    this.#startMs = io.clock.monotonicMs();
    if (!io.isTerminal) this.#nextMs = this.#startMs + LINE_MS;
  }

  get seconds(): number {
    return (this.#io.clock.monotonicMs() - this.#startMs) / 1000;
  }

  show(rows: number, fraction: number): void {
    this.#from ??= { rows, fraction };
    const now = this.#io.clock.monotonicMs();
    if (this.#isQuiet || now < this.#nextMs) return;
    const { isTerminal } = this.#io;
    this.#nextMs = now + (isTerminal ? DRAW_MS : LINE_MS);
    const text = this.#text(rows, fraction);
    this.#io.err(isTerminal ? `\r\u001b[2K${bar(fraction)} ${text}` : `${text}\n`);
    this.#isDrawn = isTerminal;
  }

  /** A line of its own, above the bar. */
  say(text: string): void {
    this.clear();
    if (!this.#isQuiet) this.#io.err(`${text}\n`);
  }

  clear(): void {
    if (this.#isDrawn) this.#io.err("\r\u001b[2K");
    this.#isDrawn = false;
  }

  #text(rows: number, fraction: number): string {
    const seconds = this.seconds;
    const from = this.#from!;
    const rate = seconds > 0 ? Math.round((rows - from.rows) / seconds) : 0;
    const done = fraction - from.fraction;
    const left = done > 0.001 ? (seconds * (1 - fraction)) / done : Number.NaN;
    const percent = `${Math.floor(fraction * 100)} %`;
    const eta = Number.isNaN(left) ? "" : ` · ${duration(left)} left`;
    return `${percent} · ${number(rows)} rows · ${number(rate)} rows/s${eta}`;
  }
}

function bar(fraction: number): string {
  const full = Math.min(BAR_CELLS, Math.floor(fraction * BAR_CELLS));
  return "█".repeat(full) + "░".repeat(BAR_CELLS - full);
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
