package millrace.streams.metrics;

import org.apache.kafka.common.utils.Bytes;

/**
 * From which time on a metric saw every event that is on time. A metric that was added to a running application didn't see
 * what was read before: the windows that may have such events are left to backfill. Until every partition of the topic has
 * said so, nothing is put out.
 */
final class Since {
  private static final long NEVER = Long.MIN_VALUE;
  private final StateStore store;
  private final int metric;
  private final int partitions;
  private int known;
  private long since = NEVER;

  Since(StateStore store, int metric, int partitions) {
    this.store = store;
    this.metric = metric;
    this.partitions = partitions;
    store.visitPrefix(prefix(metric), (key, none) -> {
      known++;
      since = Math.max(since, store.number(key, NEVER));
    });
  }

  static Bytes prefix(int metric) {
    return StateStore.key('b', metric);
  }

  void announce(int partition, long from) {
    Bytes key = StateStore.key('b', metric, partition);
    if (store.get(key) == null) known++;
    store.putNumber(key, from);
    since = Math.max(since, from);
  }

  boolean isKnown() {
    return known >= partitions;
  }

  /** Whether a window that starts then was seen whole. */
  boolean hasSeen(long windowStart) {
    return windowStart >= since;
  }

  /** Whether a session that starts then was: with a gap before it, it can't have an earlier part. */
  boolean hasSeenSession(long start, long gapMs) {
    return since == NEVER || start - gapMs > since;
  }
}
