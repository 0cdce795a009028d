package millrace.streams.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import millrace.streams.plan.MetricPlan;
import org.apache.kafka.common.utils.Bytes;

/**
 * Session windows: one entry a key, with its open sessions. A session that an earlier event extends or merges ceases to
 * exist under its old start; where its row was out, a deletion comes before the row that replaces it.
 */
final class SessionOperator implements MetricOperator {
  private static final long NEVER = Long.MIN_VALUE;
  private static final byte[] PRESENT = {};
  private final MetricPlan plan;
  private final Aggregates aggregates;
  private final StateStore store;
  private final Since since;
  private final long gapMs;
  private final long graceMs;
  private final long slackMs;
  private final Set<String> changed = new HashSet<>();

  /** After a restart nobody knows which keys changed: all are looked at; each session knows. */
  private boolean isRestarted = true;

  /** Sessions whose last event is at or before this minus the gap take no further event. */
  private long closedThrough = NEVER;

  SessionOperator(MetricPlan plan, long slackMs, StateStore store, Since since) {
    this.plan = plan;
    this.since = since;
    this.store = store;
    this.slackMs = slackMs;
    aggregates = new Aggregates(plan.components(), new DifferentValues(store, plan.id()));
    gapMs = plan.window().gapMs();
    graceMs = plan.graceMs();
  }

  @Override
  public void take(String key, Shuffled.Event event) {
    KeySessions known = get(key);
    KeySessions entry = known == null ? new KeySessions() : known;
    if (event.isOnTime()) {
      Session session = entry.sessionAt(event.time(), gapMs, aggregates);
      aggregates.add(session.group, event.values());
    } else if (!takeLate(entry, event)) return;
    put(key, entry);
    changed.add(key);
  }

  /** Keeps a late event while a session that it would belong to is open, or may yet come. */
  private boolean takeLate(KeySessions entry, Shuffled.Event event) {
    boolean mayCome = closedThrough == NEVER || event.time() + gapMs > closedThrough;
    boolean isNear = false;
    for (Session session : entry.sessions) {
      if (!session.touches(event.time(), gapMs)) continue;
      session.isChanged = true;
      isNear = true;
    }
    if (!isNear && !mayCome) return false;
    entry.late.add(new KeySessions.Late(event.time(), event.receivedAt()));
    return true;
  }

  @Override
  public Since since() {
    return since;
  }

  @Override
  public int changes() {
    return changed.size();
  }

  @Override
  public void emit(long progress, Rows rows) {
    if (progress != NEVER) closedThrough = progress - graceMs - slackMs;
    if (isRestarted) {
      store.visitPrefix(StateStore.key('s', plan.id()), (at, none) -> changed.add(StateStore.textOf(at, false)));
    }
    isRestarted = false;
    for (String key : changed) emitChanged(key, rows);
    changed.clear();
    if (progress != NEVER) closeDue(progress, rows);
  }

  private void emitChanged(String key, Rows rows) {
    KeySessions entry = get(key);
    if (entry == null) return;
    for (long start : entry.ceased) rows.delete(key, start);
    entry.ceased.clear();
    for (Session session : entry.sessions) {
      if (!session.isChanged || isClosed(session)) continue;
      session.isChanged = false;
      if (!plan.emitsChanges() || !since.hasSeenSession(session.start, gapMs)) continue;
      session.isOut = true;
      rows.upsert(row(key, entry, session, false));
    }
    put(key, entry);
  }

  private boolean isClosed(Session session) {
    return closedThrough != NEVER && session.last + gapMs <= closedThrough;
  }

  /** Looks at the keys that are due by now; one that got further events meanwhile is due later. */
  private void closeDue(long progress, Rows rows) {
    List<Bytes> due = new ArrayList<>();
    Bytes from = StateStore.key('t', plan.id());
    store.visit(from, StateStore.key('t', plan.id(), progress + 1), (at, none) -> due.add(at));
    for (Bytes at : due) {
      store.remove(at);
      String key = StateStore.textOf(at, true);
      KeySessions entry = get(key);
      if (entry == null || entry.scheduledAt != StateStore.numberOf(at)) continue;
      entry.scheduledAt = KeySessions.UNSCHEDULED;
      close(key, entry, rows);
    }
  }

  /** Rows of the sessions that close now; the key is forgotten when nothing is left of it. */
  private void close(String key, KeySessions entry, Rows rows) {
    List<Session> closed = entry.sessions.stream().filter(this::isClosed).toList();
    for (Session session : closed) {
      if (since.hasSeenSession(session.start, gapMs)) rows.upsert(row(key, entry, session, true));
      aggregates.forget(session.group);
    }
    entry.sessions.removeAll(closed);
    entry.forgetLate(gapMs, closedThrough - gapMs);
    put(key, entry);
  }

  private Rows.Row row(String key, KeySessions entry, Session session, boolean isClosed) {
    Aggregates.Read values = aggregates.read(List.of(session.group));
    return new Rows.Row(
        key, session.start, session.last, values, isClosed, entry.lateOf(session, gapMs, graceMs));
  }

  private KeySessions get(String key) {
    byte[] bytes = store.get(StateStore.key('s', plan.id(), key));
    return bytes == null ? null : KeySessions.decoded(bytes, aggregates);
  }

  /** Stores an entry, and sees to it that it comes up when it is due, or before. */
  private void put(String key, KeySessions entry) {
    Bytes at = StateStore.key('s', plan.id(), key);
    if (entry.isEmpty()) {
      store.remove(at);
      return;
    }
    long due = entry.earliest() + gapMs + graceMs + slackMs;
    if (due < entry.scheduledAt) {
      entry.scheduledAt = due;
      store.put(StateStore.key('t', plan.id(), due, key), PRESENT);
    }
    store.put(at, entry.encoded(aggregates));
  }
}
