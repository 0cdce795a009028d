package millrace.streams.metrics;

import java.util.Arrays;

/**
 * How far a topic's partitions have been read, in received time. Windows close by the least of them: a partition without
 * news, not even a heartbeat, holds all windows open.
 */
final class Progress {
  private static final long NEVER = Long.MIN_VALUE;
  private final StateStore store;
  private final long[] greatest;

  Progress(StateStore store, int partitions) {
    this.store = store;
    greatest = new long[partitions];
    for (int at = 0; at < partitions; at++) greatest[at] = store.number(StateStore.key('r', at), NEVER);
  }

  void advance(int partition, long receivedAt) {
    if (receivedAt <= greatest[partition]) return;
    greatest[partition] = receivedAt;
    store.putNumber(StateStore.key('r', partition), receivedAt);
  }

  /** The least over all partitions, ms; {@code Long.MIN_VALUE} while one has had no record. */
  long least() {
    return Arrays.stream(greatest).min().orElse(NEVER);
  }
}
