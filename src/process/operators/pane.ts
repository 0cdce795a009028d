import type { Json } from "../../core/canonical-json.ts";
import type { Window } from "../../language/plan/window.ts";
import type { Aggregates } from "./aggregates.ts";
import type { CellHolder } from "./cell-holder.ts";
import type { Cell } from "./cells.ts";
import { Entry, type EntryCodec } from "./keyed-state.ts";

/** Windows of fixed size, every so often, all aligned to the epoch. */
export interface Grid {
  readonly sizeMs: number;
  readonly everyMs: number;
  /** Width of the panes that every window is whole panes of. */
  readonly paneMs: number;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** The grid of tumbling (one pane a window) or sliding windows. */
export function gridOf(window: Exclude<Window, { kind: "session" }>): Grid {
  const { sizeMs } = window;
  const everyMs = window.kind === "tumbling" ? sizeMs : window.everyMs;
  return { sizeMs, everyMs, paneMs: greatestDivisor(sizeMs, everyMs) };
}

/** Start of the last window that begins at or before `time` (which may be negative). */
export const lastStart = ({ everyMs }: Grid, time: number): number =>
  Math.floor(time / everyMs) * everyMs;

/** Starts of the windows that contain a pane, ascending. */
export function startsOver(grid: Grid, pane: number): number[] {
  const { sizeMs, everyMs, paneMs } = grid;
  const starts: number[] = [];
  const last = lastStart(grid, pane);
  const first = Math.ceil((pane + paneMs - sizeMs) / everyMs) * everyMs + 0; // no -0
  for (let start = first; start <= last; start += everyMs) starts.push(start);
  return starts;
}

/** Of panes without late events, which most are. */
const NONE: number[] = [];

/** The events of one key in one pane. */
export class Pane extends Entry implements CellHolder {
  /** Events on time. */
  n = 0;
  first: Cell = null;
  second: Cell = null;
  third: Cell = null;
  fourth: Cell = null;
  more: Cell[] | undefined = undefined;
  /** Late events: pairs of the first window end that counts them, and how many. */
  late: readonly number[] = NONE;

  addLate(firstEnd: number): void {
    const late = this.late === NONE ? [] : (this.late as number[]);
    this.late = late;
    for (let at = 0; at < late.length; at += 2) {
      if (late[at] === firstEnd) {
        late[at + 1]!++;
        return;
      }
    }
    late.push(firstEnd, 1);
  }

  /** Late events that a window with this end counts. */
  lateIn(windowEnd: number): number {
    let n = 0;
    for (let at = 0; at < this.late.length; at += 2) {
      if (this.late[at]! <= windowEnd) n += this.late[at + 1]!;
    }
    return n;
  }
}

/** Panes as text: `[n, late, cell…]`. */
export const paneCodec = (aggregates: Aggregates): EntryCodec<Pane> => ({
  encode: (pane, writer) => {
    writer.text("[").number(pane.n);
    writer.text(pane.late.length === 0 ? ",[]" : `,${JSON.stringify(pane.late)}`);
    aggregates.encode(pane, writer);
    writer.text("]");
  },
  decode: (bucket, key, text) => {
    const [n, late, ...cells] = JSON.parse(text) as [number, number[], ...Json[]];
    const pane = new Pane(bucket, key);
    aggregates.decode(pane, cells);
    pane.n = n;
    if (late.length > 0) pane.late = late;
    return pane;
  },
});
