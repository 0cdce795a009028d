package millrace.streams.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import millrace.streams.plan.MetricPlan;
import org.apache.kafka.common.utils.Bytes;

/**
 * Tumbling and sliding windows. An event goes into one pane; a window's row is what its panes are together, made when it is
 * emitted.
 *
 * <pre>
 *   panes   |--a--|--b--|--c--|--d--|      every = pane, size = 3 panes
 *   windows |&lt;------ 1 ------&gt;|
 *                 |&lt;------ 2 ------&gt;|
 * </pre>
 */
final class PaneOperator implements MetricOperator {
  private static final long NEVER = Long.MIN_VALUE;
  private final MetricPlan plan;
  private final Grid grid;
  private final Aggregates aggregates;
  private final StateStore store;
  private final Since since;
  private final long waitMs;
  private final Set<Bytes> changed = new HashSet<>();

  /** After a restart nobody knows which rows are out: all of them are emitted again. */
  private boolean isRestarted = true;

  /** Windows that end at or before this are closed, and their rows are out. */
  private long closedThrough;

  private record Window(long start, String key) {}

  PaneOperator(MetricPlan plan, long slackMs, StateStore store, Since since) {
    this.plan = plan;
    this.since = since;
    this.store = store;
    grid = new Grid(plan.window());
    aggregates = new Aggregates(plan.components(), new DifferentValues(store, plan.id()));
    waitMs = plan.graceMs() + slackMs;
    closedThrough = store.number(StateStore.key('c', plan.id()), NEVER);
  }

  @Override
  public void take(String key, Shuffled.Event event) {
    long start = grid.paneOf(event.time());
    Bytes at = StateStore.key('p', plan.id(), start, key);
    byte[] known = store.get(at);
    Pane pane = known == null ? new Pane(aggregates.begin()) : Pane.decoded(known, aggregates);
    if (event.isOnTime()) aggregates.add(pane.group, event.values());
    else pane.addLate(grid.firstEnd(start, event.receivedAt() - plan.graceMs()));
    store.put(at, pane.encoded(aggregates));
    changed.add(at);
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
    long closed = progress == NEVER ? closedThrough : Math.max(progress - waitMs, closedThrough);
    if (plan.emitsChanges()) {
      if (isRestarted) emitOpen(closed, rows);
      else emitChanged(closed, rows);
    }
    isRestarted = false;
    changed.clear();
    if (grid.closedCount(closed) > grid.closedCount(closedThrough)) close(closed, rows);
  }

  /** Rows of the open windows whose panes changed. */
  private void emitChanged(long closed, Rows rows) {
    Set<Window> seen = new HashSet<>();
    for (Bytes at : changed) {
      String key = StateStore.textOf(at, true);
      for (long start : grid.startsOver(StateStore.numberOf(at))) {
        if (!grid.isClosed(start, closed) && seen.add(new Window(start, key))) emit(start, key, false, rows);
      }
    }
  }

  private void emitOpen(long closed, Rows rows) {
    store.visitPrefix(StateStore.key('p', plan.id()), (at, none) -> {
      long pane = StateStore.numberOf(at);
      String key = StateStore.textOf(at, true);
      for (long start : grid.startsOver(pane)) {
        if (!grid.isClosed(start, closed) && isFirst(start, pane, key)) emit(start, key, false, rows);
      }
    });
  }

  /** Rows of the windows that close; panes that no open window needs are removed. */
  private void close(long closed, Rows rows) {
    List<Long> panes = panesThrough(closed);
    TreeSet<Long> starts = new TreeSet<>();
    for (long pane : panes) {
      for (long start : grid.startsOver(pane)) {
        if (grid.isClosed(start, closed) && !grid.isClosed(start, closedThrough)) starts.add(start);
      }
    }
    for (long start : starts) emitClosed(start, rows);
    for (long pane : panes) {
      if (grid.isClosed(grid.lastStart(pane), closed)) remove(pane);
    }
    closedThrough = closed;
    store.putNumber(StateStore.key('c', plan.id()), closed);
  }

  /** Starts of the panes that begin at or before a time. */
  private List<Long> panesThrough(long time) {
    List<Long> panes = new ArrayList<>();
    Bytes from = StateStore.key('p', plan.id());
    Bytes to = StateStore.key('p', plan.id(), time + 1);
    for (Bytes at = store.first(from, to); at != null; at = store.first(from, to)) {
      long pane = StateStore.numberOf(at);
      panes.add(pane);
      from = StateStore.key('p', plan.id(), pane + grid.paneMs());
    }
    return panes;
  }

  private void emitClosed(long start, Rows rows) {
    for (long pane = start; pane < start + grid.sizeMs(); pane += grid.paneMs()) {
      long from = pane;
      store.visitPrefix(StateStore.key('p', plan.id(), pane), (at, none) -> {
        String key = StateStore.textOf(at, true);
        if (isFirst(start, from, key)) emit(start, key, true, rows);
      });
    }
  }

  /** Whether no earlier pane of a window has the key. */
  private boolean isFirst(long start, long pane, String key) {
    for (long earlier = start; earlier < pane; earlier += grid.paneMs()) {
      if (store.get(StateStore.key('p', plan.id(), earlier, key)) != null) return false;
    }
    return true;
  }

  /** The row of a window and key; none while the window has no event on time. */
  private void emit(long start, String key, boolean isClosed, Rows rows) {
    if (!since.hasSeen(start)) return;
    long end = start + grid.sizeMs();
    List<Group> groups = new ArrayList<>();
    long n = 0;
    long late = 0;
    for (long at = start; at < end; at += grid.paneMs()) {
      byte[] known = store.get(StateStore.key('p', plan.id(), at, key));
      if (known == null) continue;
      Pane pane = Pane.decoded(known, aggregates);
      groups.add(pane.group);
      n += pane.group.n;
      late += pane.lateIn(end);
    }
    if (n > 0) rows.upsert(new Rows.Row(key, start, end, aggregates.read(groups), isClosed, late));
  }

  private void remove(long pane) {
    store.visitPrefix(StateStore.key('p', plan.id(), pane), (at, bytes) -> {
      aggregates.forget(Pane.decoded(bytes, aggregates).group);
      store.remove(at);
    });
  }
}
