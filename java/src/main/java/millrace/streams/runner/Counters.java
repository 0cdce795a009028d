package millrace.streams.runner;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** What the processors of this process counted since it started. */
public final class Counters {
  private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();

  /**
   * A counter of Prometheus.
   *
   * @param name such as {@code records_total}
   */
  public LongAdder of(String name, String topic) {
    return counts.computeIfAbsent(name + "{topic=\"" + topic + "\"}", id -> new LongAdder());
  }

  /** Every counter by its name and label. */
  public Map<String, Long> snapshot() {
    Map<String, Long> now = new TreeMap<>();
    counts.forEach((id, count) -> now.put(id, count.sum()));
    return now;
  }
}
