package millrace.streams.metrics;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;

/** The events of one key in one pane. */
final class Pane {
  final Group group;

  /** How many late events are counted by windows from an end on. */
  private final TreeMap<Long, Long> late = new TreeMap<>();

  Pane(Group group) {
    this.group = group;
  }

  void addLate(long firstEnd) {
    late.merge(firstEnd, 1L, Long::sum);
  }

  /** Late events that a window with this end counts. */
  long lateIn(long windowEnd) {
    return late.headMap(windowEnd, true).values().stream().mapToLong(Long::longValue).sum();
  }

  byte[] encoded(Aggregates aggregates) {
    return StateStore.written(out -> {
      out.writeInt(late.size());
      for (Map.Entry<Long, Long> each : late.entrySet()) {
        out.writeLong(each.getKey());
        out.writeLong(each.getValue());
      }
      aggregates.write(group, out);
    });
  }

  static Pane decoded(byte[] bytes, Aggregates aggregates) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      TreeMap<Long, Long> late = new TreeMap<>();
      for (int left = in.readInt(); left > 0; left--) late.put(in.readLong(), in.readLong());
      Pane pane = new Pane(aggregates.read(in));
      pane.late.putAll(late);
      return pane;
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
  }
}
