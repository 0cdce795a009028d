import type { Json } from "../../core/canonical-json.ts";
import type { Aggregates } from "./aggregates.ts";
import type { CellHolder } from "./cell-holder.ts";
import type { Cell } from "./cells.ts";
import { Entry, type EntryCodec } from "./keyed-state.ts";

/** Events of one key with no distance above the gap between neighbours. */
export class Session implements CellHolder {
  /** Time of the first event, ms. */
  start: number;
  /** From the first event to the last, ms: mostly small, so that it needs no box of its own. */
  length = 0;
  n = 0;
  first: Cell = null;
  second: Cell = null;
  third: Cell = null;
  fourth: Cell = null;
  more: Cell[] | undefined = undefined;
  /** Its row is out under this start. */
  emitted = false;
  /** Changed since its row was last emitted. */
  changed = true;
  /** The session after it, of the same key. */
  next: Session | undefined = undefined;

  constructor(start: number) {
    this.start = start;
  }

  /** Time of the last event, ms. */
  get last(): number {
    return this.start + this.length;
  }

  /** Whether an event at `time` would belong to the session. */
  touches(time: number, gapMs: number): boolean {
    return time >= this.start - gapMs && time <= this.last + gapMs;
  }
}

/** Of keys without such times, which most are. */
const NONE: readonly number[] = [];

/** The open sessions of one key, by start, and the late events that may concern them. */
export class KeySessions extends Entry {
  readonly #waitMs: number;
  #first: Session | undefined = undefined;
  #late = NONE;
  #ceased = NONE;

  /** An entry is due `waitMs` (gap + grace + slack) after its first session's last event. */
  constructor(key: string, waitMs: number) {
    super(0, key);
    this.#waitMs = waitMs;
  }

  /** When the first session closes or, without any, the first late event can be forgotten. */
  override get due(): number {
    let first = Infinity;
    for (let each = this.#first; each !== undefined; each = each.next) {
      if (each.last < first) first = each.last;
    }
    if (this.#first === undefined) {
      for (let at = 0; at < this.#late.length; at += 2) first = Math.min(first, this.#late[at]!);
    }
    return first + this.#waitMs;
  }

  get earliest(): Session | undefined {
    return this.#first;
  }

  /** By start. */
  sessions(): Session[] {
    const sessions: Session[] = [];
    for (let each = this.#first; each !== undefined; each = each.next) sessions.push(each);
    return sessions;
  }

  /** Takes its sessions anew, by start. */
  keep(sessions: readonly Session[]): void {
    this.#first = sessions[0];
    for (const [index, session] of sessions.entries()) session.next = sessions[index + 1];
  }

  /** Late events: pairs of time and received time. */
  get late(): readonly number[] {
    return this.#late;
  }

  addLate(time: number, receivedAt: number): void {
    if (this.#late === NONE) this.#late = [time, receivedAt];
    else (this.#late as number[]).push(time, receivedAt);
  }

  get hasCeased(): boolean {
    return this.#ceased !== NONE;
  }

  /** Starts whose rows are out, but which ceased to exist since the last call. */
  takeCeased(): readonly number[] {
    const ceased = this.#ceased;
    this.#ceased = NONE;
    return ceased;
  }

  /**
   * Gives the session that an event at `time` belongs to: extended, merged from others, or made, which
   * `n` 0 tells. A distance of exactly `gapMs` belongs.
   */
  sessionAt(time: number, gapMs: number, aggregates: Aggregates): Session {
    let before: Session | undefined;
    let session = this.#first;
    while (session !== undefined && session.last + gapMs < time) {
      before = session;
      session = session.next;
    }
    if (session === undefined || session.start - gapMs > time) {
      const made = new Session(time);
      aggregates.begin(made);
      made.next = session;
      if (before === undefined) this.#first = made;
      else before.next = made;
      return made;
    }
    if (time < session.start) this.#moveStart(session, time);
    else if (time - session.start > session.length) session.length = time - session.start;
    const { next } = session;
    if (next !== undefined && next.start - gapMs <= session.last) {
      this.#absorb(session, next, aggregates);
      session.next = next.next;
    }
    session.changed = true;
    return session;
  }

  /** Late events that the session's row counts: near enough, and received by last + gap + grace. */
  lateOf(session: Session, gapMs: number, graceMs: number): number {
    const late = this.#late;
    let n = 0;
    for (let at = 0; at < late.length; at += 2) {
      if (!session.touches(late[at]!, gapMs)) continue;
      if (late[at + 1]! <= session.last + gapMs + graceMs) n++;
    }
    return n;
  }

  /** Forgets the late events up to `horizon` that touch no open session. */
  forgetLate(gapMs: number, horizon: number): void {
    const late = this.#late;
    const sessions = this.sessions();
    this.#late = NONE;
    for (let at = 0; at < late.length; at += 2) {
      const time = late[at]!;
      if (time > horizon || sessions.some((each) => each.touches(time, gapMs))) {
        this.addLate(time, late[at + 1]!);
      }
    }
  }

  #cease(session: Session): void {
    if (!session.emitted) return;
    if (this.#ceased === NONE) this.#ceased = [session.start];
    else (this.#ceased as number[]).push(session.start);
  }

  #moveStart(session: Session, start: number): void {
    this.#cease(session);
    session.length += session.start - start;
    session.start = start;
    session.emitted = false;
  }

  #absorb(into: Session, from: Session, aggregates: Aggregates): void {
    this.#cease(from);
    into.length = from.last - into.start;
    into.n += from.n;
    aggregates.merge(into, from);
  }
}

type SavedSession = [start: number, last: number, n: number, emitted: 0 | 1, ...cells: Json[]];

/** The sessions of a key as text: `[late, session…]`. To be encoded after `ceased` was emitted. */
export const sessionsCodec = (aggregates: Aggregates, waitMs: number): EntryCodec<KeySessions> => ({
  encode: (entry, writer) => {
    writer.text(entry.late.length === 0 ? "[[]" : `[${JSON.stringify(entry.late)}`);
    for (let each = entry.earliest; each !== undefined; each = each.next) {
      writer.text(",[").number(each.start).text(",").number(each.last);
      writer
        .text(",")
        .number(each.n)
        .text(each.emitted ? ",1" : ",0");
      aggregates.encode(each, writer);
      writer.text("]");
    }
    writer.text("]");
  },
  decode: (_bucket, key, text) => {
    const [late, ...sessions] = JSON.parse(text) as [number[], ...SavedSession[]];
    const entry = new KeySessions(key, waitMs);
    for (let at = 0; at < late.length; at += 2) entry.addLate(late[at]!, late[at + 1]!);
    entry.keep(
      sessions.map(([start, last, n, emitted, ...cells]) => {
        const session = new Session(start);
        session.length = last - start;
        session.n = n;
        session.emitted = emitted === 1;
        session.changed = false;
        aggregates.decode(session, cells);
        return session;
      }),
    );
    return entry;
  },
});
