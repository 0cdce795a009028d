package millrace.streams.gate;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * Which identities were accepted, and when, by received time: segments of the store are dropped whole when they are older
 * than the horizon.
 */
final class AcceptedIds {
  /** Received times of a partition run backwards by less than this. */
  private static final Duration DISORDER = Duration.ofMinutes(1);

  private static final byte[] PRESENT = {};
  private final WindowStore<Bytes, byte[]> store;
  private final long horizonMs;

  AcceptedIds(WindowStore<Bytes, byte[]> store, long horizonMs) {
    this.store = store;
    this.horizonMs = horizonMs;
  }

  static StoreBuilder<WindowStore<Bytes, byte[]>> builder(String name, long horizonMs) {
    Duration retention = Duration.ofMillis(horizonMs).plus(DISORDER);
    return Stores.windowStoreBuilder(
        Stores.persistentWindowStore(name, retention, Duration.ofMillis(1), false),
        Serdes.Bytes(),
        Serdes.ByteArray());
  }

  /** Takes an identity, unless one was accepted at most the horizon ago: then it is a duplicate. */
  boolean accept(Bytes identity, long receivedAt) {
    long from = Math.max(0, receivedAt - horizonMs);
    try (WindowStoreIterator<byte[]> found = store.fetch(identity, from, receivedAt + DISORDER.toMillis())) {
      if (found.hasNext()) return false;
    }
    store.put(identity, PRESENT, receivedAt);
    return true;
  }
}
