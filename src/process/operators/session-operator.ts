import type { Json } from "../../core/canonical-json.ts";
import type { RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import type { GroupKey } from "../../language/compile/javascript/group-key.ts";
import type { MetricRow } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { KeyedState } from "./keyed-state.ts";
import { KeySessions, type Session } from "./key-sessions.ts";
import {
  sortRows,
  type MetricLogic,
  type MetricOperator,
  type OperatorOptions,
  type RowFilter,
} from "./metric-operator.ts";

/**
 * Session windows: one entry a key, with its open sessions. A session that an earlier event extends
 * or merges ceases to exist under its old start; where its row was out, a deletion follows.
 */
export class SessionOperator implements MetricOperator {
  readonly metric: MetricNode;
  readonly #logic: MetricLogic;
  readonly #gapMs: number;
  readonly #graceMs: number;
  readonly #waitMs: number;
  readonly #state: KeyedState<KeySessions>;
  readonly #options: OperatorOptions;

  constructor(
    logic: MetricLogic,
    gapMs: number,
    state: KeyedState<KeySessions>,
    options: OperatorOptions,
  ) {
    this.metric = logic.metric;
    this.#logic = logic;
    this.#gapMs = gapMs;
    this.#graceMs = logic.metric.graceMs;
    this.#waitMs = gapMs + this.#graceMs + options.slackMs;
    this.#state = state;
    this.#options = options;
  }

  bind(program: RowProgram): void {
    this.#logic.bind(program);
  }

  take(time: number, receivedAt: number, eligible: boolean): void {
    const logic = this.#logic;
    if (logic.where !== undefined && logic.where() !== true) return;
    if (!eligible || receivedAt > time + this.#graceMs) {
      this.#takeLate(time, receivedAt);
      return;
    }
    const group = logic.key();
    const entry = this.#known(group) ?? this.#made(group);
    const session = entry.sessionAt(time, this.#gapMs, logic.aggregates);
    if (session.n === 0) this.#state.schedule(entry);
    session.n++;
    logic.aggregates.add(session);
    this.#state.touch(entry);
  }

  emit(version: number): MetricRow[] {
    const closed = this.#closedThrough();
    const rows: MetricRow[] = [];
    const due = this.#state.due(this.#options.progress.least);
    const isSilent = this.metric.emit === "close";
    for (const entry of this.#state.changed()) {
      if (isSilent && !entry.hasCeased) continue;
      for (const row of this.#changedRows(entry, closed, version)) rows.push(row);
    }
    for (const entry of due) {
      for (const row of this.#close(entry, closed, version)) rows.push(row);
    }
    return sortRows(rows);
  }

  *openRows(version: number, accept: RowFilter = () => true): Iterable<MetricRow> {
    for (const entry of this.#state.loaded()) {
      for (const session of entry.sessions()) {
        if (this.#isServed(session) && accept(session.start, entry.key))
          yield this.#row(entry, session, version, false);
      }
    }
  }

  snapshot(): Json {
    return null;
  }

  restore(): void {
    // the entries are all there is
  }

  /** A session whose last event is at or before this minus the gap takes no further event. */
  #closedThrough(): number {
    return this.#options.progress.least - this.#graceMs - this.#options.slackMs;
  }

  #known(group: GroupKey): KeySessions | undefined {
    const { slot } = this.#logic;
    const last = group.recall(slot) as KeySessions | undefined;
    if (last?.held === true) return last;
    const known = this.#state.get(0, group.key);
    if (known !== undefined) group.remember(slot, known);
    return known;
  }

  #made(group: GroupKey): KeySessions {
    const made = new KeySessions(group.key, this.#waitMs);
    this.#state.add(made);
    group.remember(this.#logic.slot, made);
    return made;
  }

  /** Keeps a late event while a session that it would belong to is open, or may yet come. */
  #takeLate(time: number, receivedAt: number): void {
    const group = this.#logic.key();
    const known = this.#known(group);
    const mayCome = time + this.#gapMs > this.#closedThrough();
    const near = known?.sessions().filter((each) => each.touches(time, this.#gapMs)) ?? [];
    if (near.length === 0 && !mayCome) return;
    const entry = known ?? this.#made(group);
    entry.addLate(time, receivedAt);
    for (const session of near) session.changed = true;
    this.#state.schedule(entry);
    this.#state.touch(entry);
  }

  /**
   * Whether the whole session was seen: every event from `sinceMs` on was, so one that begins more
   * than a gap after it can't have a part before.
   */
  #isServed(session: Session): boolean {
    return session.n > 0 && session.start - this.#gapMs > this.#options.sinceMs;
  }

  *#changedRows(entry: KeySessions, closed: number, version: number): Iterable<MetricRow> {
    for (const start of entry.takeCeased()) yield this.#logic.deletion(entry.key, start, version);
    for (const session of entry.sessions()) {
      if (!session.changed || session.last + this.#gapMs <= closed) continue;
      session.changed = false;
      if (this.metric.emit === "close" || !this.#isServed(session)) continue;
      session.emitted = true;
      yield this.#row(entry, session, version, false);
    }
  }

  /** Rows of the sessions that close now; the key is forgotten when nothing is left of it. */
  *#close(entry: KeySessions, closed: number, version: number): Iterable<MetricRow> {
    const isClosed = (session: Session): boolean => session.last + this.#gapMs <= closed;
    const sessions = entry.sessions();
    for (const session of sessions) {
      if (isClosed(session) && this.#isServed(session)) {
        yield this.#row(entry, session, version, true);
      }
    }
    const open = sessions.filter((session) => !isClosed(session));
    entry.keep(open);
    entry.forgetLate(this.#gapMs, closed - this.#gapMs);
    if (open.length === 0 && entry.late.length === 0) this.#state.remove(entry);
    else {
      this.#state.schedule(entry);
      this.#state.touch(entry);
    }
  }

  #row(entry: KeySessions, session: Session, version: number, closed: boolean): MetricRow {
    const from = {
      key: entry.key,
      windowStart: session.start,
      windowEnd: session.last,
      closed,
      latePending: entry.lateOf(session, this.#gapMs, this.#graceMs),
    };
    return this.#logic.row(from, this.#logic.aggregates.read(session), version);
  }
}
