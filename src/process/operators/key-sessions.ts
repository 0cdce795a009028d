import type { Json } from "../../core/canonical-json.ts";
import type { Aggregates } from "./aggregates.ts";
import type { Cell } from "./cells.ts";
import { Entry, type EntryCodec } from "./keyed-state.ts";

/** Events of one key with no distance above the gap between neighbours. */
export interface Session {
  /** Time of the first and of the last event, ms. */
  start: number;
  last: number;
  n: number;
  cells: Cell[];
  /** Its row is out under this start. */
  emitted: boolean;
  /** Changed since its row was last emitted. */
  changed: boolean;
}

/** The open sessions of one key, by start, and the late events that may concern them. */
export class KeySessions extends Entry {
  sessions: Session[] = [];
  /** Late events: pairs of time and received time. */
  late: number[] = [];
  /** Starts whose rows are out, but which ceased to exist. */
  ceased: number[] = [];

  /**
   * Gives the session that an event at `time` belongs to, made, extended or merged from others. A
   * distance of exactly `gapMs` belongs.
   */
  sessionAt(time: number, gapMs: number, aggregates: Aggregates): Session {
    let first = 0;
    while (first < this.sessions.length && this.sessions[first]!.last + gapMs < time) first++;
    const session = this.sessions[first];
    if (session === undefined || session.start - gapMs > time) {
      const made = {
        start: time,
        last: time,
        n: 0,
        cells: aggregates.create(),
        emitted: false,
        changed: true,
      };
      this.sessions.splice(first, 0, made);
      return made;
    }
    if (time < session.start) this.#moveStart(session, time);
    if (time > session.last) session.last = time;
    const next = this.sessions[first + 1];
    if (next !== undefined && next.start - gapMs <= session.last) {
      this.#absorb(session, next, aggregates);
      this.sessions.splice(first + 1, 1);
    }
    session.changed = true;
    return session;
  }

  /** Late events that the session's row counts: near enough, and received by last + gap + grace. */
  lateOf(session: Session, gapMs: number, graceMs: number): number {
    let n = 0;
    for (let at = 0; at < this.late.length; at += 2) {
      if (!touches(session, this.late[at]!, gapMs)) continue;
      if (this.late[at + 1]! <= session.last + gapMs + graceMs) n++;
    }
    return n;
  }

  /** Forgets the late events up to `horizon` that touch no open session. */
  forgetLate(gapMs: number, horizon: number): void {
    const kept: number[] = [];
    for (let at = 0; at < this.late.length; at += 2) {
      const time = this.late[at]!;
      if (time > horizon || this.sessions.some((each) => touches(each, time, gapMs))) {
        kept.push(time, this.late[at + 1]!);
      }
    }
    this.late = kept;
  }

  /**
   * Sets `due`: when the first session closes or, without any, the first late event can be
   * forgotten; that is `waitMs` (gap + grace + slack) after its time.
   */
  schedule(waitMs: number): void {
    let first = Infinity;
    for (const session of this.sessions) if (session.last < first) first = session.last;
    if (this.sessions.length === 0) {
      for (let at = 0; at < this.late.length; at += 2) first = Math.min(first, this.late[at]!);
    }
    this.due = first + waitMs;
  }

  #moveStart(session: Session, start: number): void {
    if (session.emitted) this.ceased.push(session.start);
    session.start = start;
    session.emitted = false;
  }

  #absorb(into: Session, from: Session, aggregates: Aggregates): void {
    if (from.emitted) this.ceased.push(from.start);
    into.last = from.last;
    into.n += from.n;
    aggregates.merge(into.cells, from.cells);
  }
}

/** Whether an event at `time` would belong to the session. */
export const touches = (session: Session, time: number, gapMs: number): boolean =>
  time >= session.start - gapMs && time <= session.last + gapMs;

type SavedSession = [start: number, last: number, n: number, emitted: 0 | 1, ...cells: Json[]];

/** The sessions of a key as text: `[late, session…]`. To be encoded after `ceased` was emitted. */
export const sessionsCodec = (aggregates: Aggregates, waitMs: number): EntryCodec<KeySessions> => ({
  encode: ({ late, sessions }) =>
    JSON.stringify([
      late,
      ...sessions.map(({ start, last, n, emitted, cells }) => [
        start,
        last,
        n,
        emitted ? 1 : 0,
        ...aggregates.encode(cells),
      ]),
    ]),
  decode: (bucket, key, text) => {
    const [late, ...sessions] = JSON.parse(text) as [number[], ...SavedSession[]];
    const entry = new KeySessions(bucket, key);
    entry.late = late;
    entry.sessions = sessions.map(([start, last, n, emitted, ...cells]) => ({
      start,
      last,
      n,
      cells: aggregates.decode(cells),
      emitted: emitted === 1,
      changed: false,
    }));
    entry.schedule(waitMs);
    return entry;
  },
});
