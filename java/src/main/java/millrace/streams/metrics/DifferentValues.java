package millrace.streams.metrics;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Bytes;

/**
 * The different values of groups, an entry each: a group with thousands of them isn't written anew for every event. A group
 * owns its values under a number.
 */
final class DifferentValues {
  private static final byte[] PRESENT = {};
  private static final Bytes LAST_OWNER = StateStore.key('n', 0);
  private final StateStore store;
  private final int metric;

  DifferentValues(StateStore store, int metric) {
    this.store = store;
    this.metric = metric;
  }

  /** Adds a value; false where it was there. */
  boolean add(Group group, int component, Object value) {
    return add(group, component, Bytes.wrap(bytesOf(value)));
  }

  private boolean add(Group group, int component, Bytes value) {
    if (group.owner == 0) {
      group.owner = store.number(LAST_OWNER, 0) + 1;
      store.putNumber(LAST_OWNER, group.owner);
    }
    Bytes key = key(prefix(group, component), value);
    if (store.get(key) != null) return false;
    store.put(key, PRESENT);
    return true;
  }

  /** Visits the values of one component. */
  void visit(Group group, int component, Consumer<Bytes> visitor) {
    if (group.owner == 0) return;
    Bytes prefix = prefix(group, component);
    int start = prefix.get().length;
    store.visitPrefix(prefix, (key, none) -> visitor.accept(Bytes.wrap(tail(key.get(), start))));
  }

  /** Adds the values of one group to another; gives how many were new. */
  long move(Group from, Group into, int component) {
    long[] added = {0};
    visit(from, component, value -> {
      if (add(into, component, value)) added[0]++;
    });
    remove(from, component);
    return added[0];
  }

  void remove(Group group, int component) {
    if (group.owner != 0) store.visitPrefix(prefix(group, component), (key, none) -> store.remove(key));
  }

  /** Forgets all values of a group. */
  void remove(Group group) {
    if (group.owner == 0) return;
    store.visitPrefix(StateStore.key('d', metric, group.owner), (key, none) -> store.remove(key));
  }

  private Bytes prefix(Group group, int component) {
    return key(StateStore.key('d', metric, group.owner), Bytes.wrap(new byte[] {(byte) component}));
  }

  private static Bytes key(Bytes prefix, Bytes more) {
    int length = prefix.get().length + more.get().length;
    return Bytes.wrap(ByteBuffer.allocate(length).put(prefix.get()).put(more.get()).array());
  }

  private static byte[] tail(byte[] bytes, int start) {
    return java.util.Arrays.copyOfRange(bytes, start, bytes.length);
  }

  private static byte[] bytesOf(Object value) {
    return value instanceof BigInteger exact ? exact.toByteArray() : ((String) value).getBytes(StandardCharsets.UTF_8);
  }
}
