package millrace.streams.metrics;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * All that an aggregator keeps, in one ordered store: {@code kind · metric · number · text}, where numbers are ordered as
 * they are, also below 0.
 *
 * <pre>
 *   p metric pane  key        a pane
 *   c metric                  up to where windows are closed
 *   s metric       key        the open sessions of a key
 *   t metric due   key        when to look at a key's sessions
 *   d metric owner component value   a different value
 *   h anomaly      key        closed windows
 *   b metric partition        from when on the metric's events were seen
 *   r partition               progress
 *   n, v                      last owner, last version
 * </pre>
 */
final class StateStore {
  /** Entries that are read at once; nothing else touches the store meanwhile. */
  private static final int PAGE = 1_000;

  private static final char[] METRIC_KINDS = {'p', 'c', 's', 't', 'd', 'b'};
  private static final int LONG_BYTES = 8;
  private final KeyValueStore<Bytes, byte[]> store;

  StateStore(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  static Bytes key(char kind, int id) {
    return Bytes.wrap(ByteBuffer.allocate(5).put((byte) kind).putInt(id).array());
  }

  static Bytes key(char kind, int id, long number) {
    return key(kind, id, number, "");
  }

  static Bytes key(char kind, int id, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return Bytes.wrap(ByteBuffer.allocate(5 + utf8.length).put((byte) kind).putInt(id).put(utf8).array());
  }

  static Bytes key(char kind, int id, long number, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer key = ByteBuffer.allocate(5 + LONG_BYTES + utf8.length).put((byte) kind).putInt(id);
    return Bytes.wrap(key.putLong(number ^ Long.MIN_VALUE).put(utf8).array());
  }

  /** What follows the kind: a metric, an anomaly, a partition. */
  static int idOf(Bytes key) {
    return ByteBuffer.wrap(key.get(), 1, 4).getInt();
  }

  /** The number of a key that has one. */
  static long numberOf(Bytes key) {
    return ByteBuffer.wrap(key.get(), 5, LONG_BYTES).getLong() ^ Long.MIN_VALUE;
  }

  /** The text of a key, behind its number where it has one. */
  static String textOf(Bytes key, boolean hasNumber) {
    int start = hasNumber ? 5 + LONG_BYTES : 5;
    return new String(key.get(), start, key.get().length - start, StandardCharsets.UTF_8);
  }

  /** Removes everything of a metric. */
  void forgetMetric(int metric) {
    for (char kind : METRIC_KINDS) visitPrefix(key(kind, metric), (key, none) -> remove(key));
  }

  byte[] get(Bytes key) {
    return store.get(key);
  }

  void put(Bytes key, byte[] value) {
    store.put(key, value);
  }

  void remove(Bytes key) {
    store.delete(key);
  }

  /** A stored number; {@code otherwise} where there is none. */
  long number(Bytes key, long otherwise) {
    byte[] value = store.get(key);
    return value == null ? otherwise : ByteBuffer.wrap(value).getLong();
  }

  void putNumber(Bytes key, long value) {
    store.put(key, ByteBuffer.allocate(LONG_BYTES).putLong(value).array());
  }

  /** The first entry in {@code [from, to)}; null where there is none. */
  Bytes first(Bytes from, Bytes to) {
    List<KeyValue<Bytes, byte[]>> page = page(from, to, 1);
    return page.isEmpty() ? null : page.get(0).key;
  }

  /**
   * Visits the entries in {@code [from, to)} in their order; the visitor may change the store. They are read in pages: an
   * iterator over a cached store must not see the cache evict.
   */
  void visit(Bytes from, Bytes to, BiConsumer<Bytes, byte[]> visitor) {
    Bytes start = from;
    while (true) {
      List<KeyValue<Bytes, byte[]>> page = page(start, to, PAGE);
      for (KeyValue<Bytes, byte[]> entry : page) visitor.accept(entry.key, entry.value);
      if (page.size() < PAGE) return;
      start = after(page.get(page.size() - 1).key);
    }
  }

  /** Visits every entry that begins with a prefix. */
  void visitPrefix(Bytes prefix, BiConsumer<Bytes, byte[]> visitor) {
    visit(prefix, next(prefix), visitor);
  }

  /** The least key that is greater than every key with a prefix; the kind before it is never 0xff. */
  private static Bytes next(Bytes prefix) {
    byte[] next = prefix.get().clone();
    int at = next.length - 1;
    while (next[at] == (byte) 0xff) at--;
    next[at]++;
    return Bytes.wrap(Arrays.copyOf(next, at + 1));
  }

  private List<KeyValue<Bytes, byte[]>> page(Bytes from, Bytes to, int most) {
    List<KeyValue<Bytes, byte[]>> page = new ArrayList<>();
    if (from.compareTo(to) >= 0) return page;
    try (KeyValueIterator<Bytes, byte[]> entries = store.range(from, to)) {
      while (page.size() < most && entries.hasNext()) {
        KeyValue<Bytes, byte[]> entry = entries.next();
        if (entry.key.compareTo(to) < 0) page.add(entry);
      }
    }
    return page;
  }

  private static Bytes after(Bytes key) {
    return Bytes.wrap(Arrays.copyOf(key.get(), key.get().length + 1));
  }

  /** Writes what is put into a value. */
  @FunctionalInterface
  interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  static byte[] written(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      writing.to(out);
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return bytes.toByteArray();
  }
}
