package millrace.streams.metrics;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The open sessions of one key, by start, and the late events that may concern them. */
final class KeySessions {
  static final long UNSCHEDULED = Long.MAX_VALUE;
  final List<Session> sessions = new ArrayList<>();

  /** Starts whose rows are out, but which ceased to exist since rows were last emitted. */
  final List<Long> ceased = new ArrayList<>();

  final List<Late> late = new ArrayList<>();

  /** Under which the store has it among what is due. */
  long scheduledAt = UNSCHEDULED;

  record Late(long time, long receivedAt) {}

  boolean isEmpty() {
    return sessions.isEmpty() && late.isEmpty() && ceased.isEmpty();
  }

  /** The time of the event that is looked at next: the first session's last or, without any, the first late one. */
  long earliest() {
    return sessions.isEmpty()
        ? late.stream().mapToLong(Late::time).min().orElse(UNSCHEDULED)
        : sessions.stream().mapToLong(each -> each.last).min().getAsLong();
  }

  /**
   * The session that an event at a time belongs to: extended, merged from others, or made. A distance of exactly the gap
   * belongs.
   */
  Session sessionAt(long time, long gapMs, Aggregates aggregates) {
    int at = 0;
    while (at < sessions.size() && sessions.get(at).last + gapMs < time) at++;
    if (at == sessions.size() || sessions.get(at).start - gapMs > time) {
      Session made = new Session(time, time, aggregates.begin());
      sessions.add(at, made);
      return made;
    }
    Session session = sessions.get(at);
    if (time < session.start) {
      cease(session);
      session.start = time;
      session.isOut = false;
    }
    session.last = Math.max(session.last, time);
    boolean reachesNext = at + 1 < sessions.size() && sessions.get(at + 1).start - gapMs <= session.last;
    if (reachesNext) absorb(session, sessions.remove(at + 1), aggregates);
    session.isChanged = true;
    return session;
  }

  private void absorb(Session into, Session from, Aggregates aggregates) {
    cease(from);
    into.last = Math.max(into.last, from.last);
    aggregates.merge(into.group, from.group);
  }

  private void cease(Session session) {
    if (session.isOut) ceased.add(session.start);
  }

  /** Late events that a session's row counts: near enough, and received by last + gap + grace. */
  long lateOf(Session session, long gapMs, long graceMs) {
    return late.stream()
        .filter(each -> session.touches(each.time, gapMs) && each.receivedAt <= session.last + gapMs + graceMs)
        .count();
  }

  /** Forgets the late events up to a time that touch no open session. */
  void forgetLate(long gapMs, long horizon) {
    late.removeIf(
        each -> each.time <= horizon && sessions.stream().noneMatch(session -> session.touches(each.time, gapMs)));
  }

  byte[] encoded(Aggregates aggregates) {
    return StateStore.written(out -> {
      out.writeLong(scheduledAt);
      out.writeInt(ceased.size());
      for (long start : ceased) out.writeLong(start);
      out.writeInt(late.size());
      for (Late each : late) {
        out.writeLong(each.time);
        out.writeLong(each.receivedAt);
      }
      out.writeInt(sessions.size());
      for (Session session : sessions) {
        out.writeLong(session.start);
        out.writeLong(session.last);
        out.writeBoolean(session.isOut);
        out.writeBoolean(session.isChanged);
        aggregates.write(session.group, out);
      }
    });
  }

  static KeySessions decoded(byte[] bytes, Aggregates aggregates) {
    KeySessions entry = new KeySessions();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      entry.scheduledAt = in.readLong();
      for (int left = in.readInt(); left > 0; left--) entry.ceased.add(in.readLong());
      for (int left = in.readInt(); left > 0; left--) entry.late.add(new Late(in.readLong(), in.readLong()));
      for (int left = in.readInt(); left > 0; left--) {
        long start = in.readLong();
        long last = in.readLong();
        boolean isOut = in.readBoolean();
        boolean isChanged = in.readBoolean();
        Session session = new Session(start, last, aggregates.read(in));
        session.isOut = isOut;
        session.isChanged = isChanged;
        entry.sessions.add(session);
      }
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return entry;
  }
}
