package millrace.streams.metrics;

import java.math.BigDecimal;
import java.math.BigInteger;
import millrace.streams.plan.AnomalyPlan;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.ValueType;
import millrace.streams.records.RecordWriter;
import millrace.streams.records.Schemas;
import org.apache.avro.Schema;
import org.apache.kafka.common.utils.Bytes;

/**
 * Watches one measure over closed windows: an alert where it is at least {@code threshold} spreads from the median of the
 * preceding windows of its key. Takes rows in the order in which they closed, which per key is that of their windows.
 */
final class AnomalyOperator {
  /** Makes the median absolute deviation comparable with a standard deviation (normal data). */
  private static final double DEVIATION_FACTOR = 1.4826;

  private static final int ID_DIGITS = 8;
  final AnomalyPlan plan;
  private final MetricPlan metric;
  private final StateStore store;
  private final RecordWriter writer;
  private final int id;
  private final long everyMs;

  AnomalyOperator(AnomalyPlan plan, MetricPlan metric, StateStore store, Schemas schemas) {
    this.plan = plan;
    this.metric = metric;
    this.store = store;
    Schema schema = new Schema.Parser().parse(plan.avro().toString());
    writer = new RecordWriter(schema, schemas.idOf(plan.alerts(), schema));
    id = Integer.parseUnsignedInt(plan.meaning().substring(0, ID_DIGITS), 16);
    everyMs = metric.window().everyMs();
  }

  /** The alert about a closed row; null where there is none. */
  byte[] take(Rows.Row row, long version) {
    Double value = valueOf(row.values().components());
    Bytes at = StateStore.key('h', id, row.key());
    byte[] known = store.get(at);
    // A window without a value (nothing to sum, nothing to divide by) is no part of the history.
    if (known == null && value == null) return null;
    History history = known == null ? new History(plan.history()) : History.decoded(known, plan.history());
    history.fillUpTo(row.windowStart(), everyMs);
    byte[] alert = value == null ? null : judge(history, row, value, version);
    if (value != null) history.push(value);
    store.put(at, history.encoded());
    return alert;
  }

  private byte[] judge(History history, Rows.Row row, double value, long version) {
    if (history.size() < plan.warmUp()) return null;
    double centre = history.median();
    double spread = Math.max(DEVIATION_FACTOR * history.medianDeviation(centre), plan.floor());
    double score = (value - centre) / spread;
    if (!(Math.abs(score) >= plan.threshold())) return null;
    return writer.write(
        new Object[] {
          alertId(row),
          plan.name(),
          plan.metric(),
          plan.measure(),
          row.key(),
          row.windowStart(),
          row.windowEnd(),
          value,
          centre,
          spread,
          score,
          version
        });
  }

  /** The same for the same (meaning, key, window start) in every engine. */
  private String alertId(Rows.Row row) {
    StringBuilder text = new StringBuilder("[");
    CanonicalKey.appendQuoted(text, plan.meaning());
    CanonicalKey.appendQuoted(text.append(','), row.key());
    return fingerprint(text.append(',').append(row.windowStart()).append(']').toString());
  }

  /** 64-bit FNV-1a over UTF-16 code units. */
  private static String fingerprint(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int at = 0; at < text.length(); at++) hash = (hash ^ text.charAt(at)) * 0x100000001b3L;
    return String.format("%016x", hash);
  }

  /** The measure as a number; null where it is null or can't be divided. */
  private Double valueOf(Object[] components) {
    Double first = numberOf(components, 0);
    if (plan.components().size() == 1 || first == null) return first;
    Double second = numberOf(components, 1);
    return second == null || second == 0 ? null : (Double) (first / second);
  }

  private Double numberOf(Object[] components, int which) {
    int at = plan.components().get(which);
    Object value = components[at];
    if (value instanceof BigInteger exact) {
      ValueType type = metric.components().get(at).type();
      return new BigDecimal(exact, type.scale()).doubleValue();
    }
    return value == null ? null : (Double) ((Number) value).doubleValue();
  }
}
