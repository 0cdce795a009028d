import type { Json } from "../../core/canonical-json.ts";
import type { RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { GroupKey } from "../../language/compile/javascript/group-key.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { KeyedState } from "./keyed-state.ts";
import {
  sortRows,
  type MetricLogic,
  type MetricOperator,
  type OperatorOptions,
  type RowFilter,
} from "./metric-operator.ts";
import { lastStart, Pane, startsOver, type Grid } from "./pane.ts";

/**
 * Tumbling and sliding windows. An event goes into one pane; a window's row is the merge of its
 * panes, made when it is emitted, so a sliding window costs an event no more than a tumbling one.
 *
 *     panes   |--a--|--b--|--c--|--d--|      every = pane, size = 3 panes
 *     windows |<------ 1 ------>|
 *                   |<------ 2 ------>|
 */
export class PaneOperator implements MetricOperator {
  readonly metric: MetricNode;
  readonly #logic: MetricLogic;
  readonly #grid: Grid;
  readonly #state: KeyedState<Pane>;
  readonly #options: OperatorOptions;
  readonly #graceMs: number;
  /** Windows that end at or before this are closed, and their rows are out. */
  #closedThrough = -Infinity;
  /** The pane of the last event, and the end of the last window that contains it. */
  #paneStart = 0;
  #paneEnd = 0;
  #lastEnd = 0;

  constructor(logic: MetricLogic, grid: Grid, state: KeyedState<Pane>, options: OperatorOptions) {
    this.metric = logic.metric;
    this.#logic = logic;
    this.#grid = grid;
    this.#state = state;
    this.#options = options;
    this.#graceMs = logic.metric.graceMs;
  }

  bind(program: RowProgram): void {
    this.#logic.bind(program);
  }

  take(time: number, receivedAt: number, eligible: boolean): void {
    const logic = this.#logic;
    if (logic.where !== undefined && logic.where() !== true) return;
    if (time < this.#paneStart || time >= this.#paneEnd) this.#moveTo(time);
    if (this.#lastEnd <= time) return; // between windows, or before `sinceMs`
    const onTime = eligible && receivedAt <= time + this.#graceMs;
    if (!onTime && receivedAt > this.#lastEnd + this.#graceMs) return; // no row can tell of it
    const pane = this.#pane(this.#paneStart, logic.key());
    if (onTime) {
      pane.n++;
      logic.aggregates.add(pane);
    } else pane.addLate(this.#firstEnd(pane.bucket, receivedAt - this.#graceMs));
    this.#state.touch(pane);
  }

  emit(version: number): MetricRow[] {
    const { progress, slackMs } = this.#options;
    const closed = Math.max(progress.least - this.#graceMs - slackMs, this.#closedThrough);
    const rows = this.metric.emit === "change" ? this.#changedRows(closed, version) : [];
    for (const start of this.#closing(closed)) {
      for (const row of this.#windowRows(start, version)) rows.push(row);
    }
    for (const bucket of this.#state.buckets(closed)) {
      if (lastStart(this.#grid, bucket) + this.#grid.sizeMs <= closed) {
        this.#state.removeBucket(bucket);
      }
    }
    this.#closedThrough = closed;
    return sortRows(rows);
  }

  *openRows(version: number, accept: RowFilter = () => true): Iterable<MetricRow> {
    const seen = new Map<number, Set<string>>();
    for (const pane of this.#state.loaded()) {
      for (const start of startsOver(this.#grid, pane.bucket)) {
        if (this.#isClosed(start, this.#closedThrough) || !accept(start, pane.key)) continue;
        if (!isNew(seen, start, pane.key)) continue;
        const row = this.#row(start, pane.key, version, false);
        if (row !== undefined) yield row;
      }
    }
  }

  snapshot(): Json {
    return this.#closedThrough === -Infinity ? null : this.#closedThrough;
  }

  restore(saved: Json): void {
    this.#closedThrough = typeof saved === "number" ? saved : -Infinity;
  }

  /** Finds the pane of a time; most events are in the pane of the one before. */
  #moveTo(time: number): void {
    const { sizeMs, paneMs } = this.#grid;
    this.#paneStart = Math.floor(time / paneMs) * paneMs;
    this.#paneEnd = this.#paneStart + paneMs;
    const start = lastStart(this.#grid, time);
    this.#lastEnd = start < this.#options.sinceMs ? -Infinity : start + sizeMs;
  }

  #pane(bucket: number, group: GroupKey): Pane {
    const { slot } = this.#logic;
    const last = group.recall(slot) as Pane | undefined;
    if (last !== undefined && last.bucket === bucket && last.held) return last;
    const pane = this.#state.get(bucket, group.key) ?? this.#made(bucket, group.key);
    group.remember(slot, pane);
    return pane;
  }

  #made(bucket: number, key: string): Pane {
    const made = new Pane(bucket, key);
    this.#logic.aggregates.begin(made);
    this.#state.add(made);
    return made;
  }

  /** The first end, at or after `time`, of a window that contains the pane. */
  #firstEnd(pane: number, time: number): number {
    const { sizeMs, everyMs, paneMs } = this.#grid;
    const from = Math.max(time, pane + paneMs);
    return Math.ceil((from - sizeMs) / everyMs) * everyMs + sizeMs;
  }

  #isClosed(start: number, closed: number): boolean {
    return start + this.#grid.sizeMs <= closed;
  }

  /** Rows of the open windows whose panes changed. */
  #changedRows(closed: number, version: number): MetricRow[] {
    const seen = new Map<number, Set<string>>();
    const rows: MetricRow[] = [];
    for (const pane of this.#state.changed()) {
      for (const start of startsOver(this.#grid, pane.bucket)) {
        if (this.#isClosed(start, closed) || !isNew(seen, start, pane.key)) continue;
        const row = this.#row(start, pane.key, version, false);
        if (row !== undefined) rows.push(row);
      }
    }
    return rows;
  }

  /** Starts of the windows that close now. */
  #closing(closed: number): Iterable<number> {
    const starts = new Set<number>();
    for (const bucket of this.#state.buckets(closed)) {
      for (const start of startsOver(this.#grid, bucket)) {
        if (this.#isClosed(start, closed) && !this.#isClosed(start, this.#closedThrough)) {
          starts.add(start);
        }
      }
    }
    return starts;
  }

  /** Every row of a window that closes. */
  *#windowRows(start: number, version: number): Iterable<MetricRow> {
    const { sizeMs, paneMs } = this.#grid;
    const seen = new Map<number, Set<string>>();
    for (let bucket = start; bucket < start + sizeMs; bucket += paneMs) {
      for (const pane of this.#state.entriesOf(bucket)) {
        const row =
          sizeMs === paneMs
            ? this.#rowOf(start, pane.key, [pane], version, true)
            : isNew(seen, start, pane.key)
              ? this.#row(start, pane.key, version, true)
              : undefined;
        if (row !== undefined) yield row;
      }
    }
  }

  /** The row of a window and key; none while the window has no event on time. */
  #row(start: number, key: string, version: number, closed: boolean): MetricRow | undefined {
    const { sizeMs, paneMs } = this.#grid;
    const panes: Pane[] = [];
    for (let bucket = start; bucket < start + sizeMs; bucket += paneMs) {
      const pane = this.#state.get(bucket, key);
      if (pane !== undefined) panes.push(pane);
    }
    return this.#rowOf(start, key, panes, version, closed);
  }

  #rowOf(
    start: number,
    key: string,
    panes: readonly Pane[],
    version: number,
    closed: boolean,
  ): MetricRow | undefined {
    const n = panes.reduce((sum, pane) => sum + pane.n, 0);
    if (start < this.#options.sinceMs || n === 0) return undefined;
    const { aggregates } = this.#logic;
    const windowEnd = start + this.#grid.sizeMs;
    const latePending = panes.reduce((sum, pane) => sum + pane.lateIn(windowEnd), 0);
    const all = panes.length === 1 ? panes[0]! : aggregates.merged(panes);
    const from = { key, windowStart: start, windowEnd, closed, latePending };
    return this.#logic.row(from, aggregates.read(all), version);
  }
}

/** Whether a (window, key) comes for the first time. */
function isNew(seen: Map<number, Set<string>>, start: number, key: string): boolean {
  const keys = seen.get(start);
  if (keys === undefined) seen.set(start, new Set([key]));
  else if (keys.has(key)) return false;
  else keys.add(key);
  return true;
}
