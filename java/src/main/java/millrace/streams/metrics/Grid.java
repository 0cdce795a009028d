package millrace.streams.metrics;

import java.util.ArrayList;
import java.util.List;
import millrace.streams.plan.MetricPlan;

/** Windows of fixed size, every so often, all aligned to the epoch, and the panes that they consist of. */
record Grid(long sizeMs, long everyMs, long paneMs) {
  Grid(MetricPlan.Window window) {
    this(window.sizeMs(), window.everyMs(), window.paneMs());
  }

  long paneOf(long time) {
    return Math.floorDiv(time, paneMs) * paneMs;
  }

  /** Start of the last window that begins at or before a time. */
  long lastStart(long time) {
    return Math.floorDiv(time, everyMs) * everyMs;
  }

  /** End of the last window that contains a time, or, between windows, at most that time. */
  long lastEnd(long time) {
    return lastStart(time) + sizeMs;
  }

  /** The first end, at or after a time, of a window that contains a pane. */
  long firstEnd(long pane, long time) {
    long from = Math.max(time, pane + paneMs);
    return ceilDiv(from - sizeMs, everyMs) * everyMs + sizeMs;
  }

  /** Starts of the windows that contain a pane, ascending. */
  List<Long> startsOver(long pane) {
    List<Long> starts = new ArrayList<>();
    long last = lastStart(pane);
    for (long start = ceilDiv(pane + paneMs - sizeMs, everyMs) * everyMs; start <= last; start += everyMs) {
      starts.add(start);
    }
    return starts;
  }

  boolean isClosed(long start, long closedThrough) {
    return start + sizeMs <= closedThrough;
  }

  /** Counts the windows that are closed: it grows when another one is. */
  long closedCount(long closedThrough) {
    return closedThrough == Long.MIN_VALUE ? Long.MIN_VALUE : Math.floorDiv(closedThrough - sizeMs, everyMs);
  }

  private static long ceilDiv(long value, long by) {
    return -Math.floorDiv(-value, by);
  }
}
