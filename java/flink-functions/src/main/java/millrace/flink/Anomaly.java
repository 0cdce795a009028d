package millrace.flink;

import java.util.Arrays;
import org.apache.flink.table.annotation.ArgumentHint;
import org.apache.flink.table.annotation.ArgumentTrait;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.annotation.StateHint;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.types.Row;

/**
 * Watches one measure over the closed windows of a key, in their order: an alert where it is at
 * least `threshold` spreads from the median of the `history` preceding windows. A window that is
 * missing between two is 0; one without a value is no part of the history. The same rules as
 * `src/process/operators/anomaly-operator.ts`.
 */
@FunctionHint(
    output =
        @DataTypeHint(
            "ROW<id STRING NOT NULL, window_start BIGINT NOT NULL, window_end BIGINT NOT NULL,"
                + " `value` DOUBLE NOT NULL, median DOUBLE NOT NULL, spread DOUBLE NOT NULL,"
                + " score DOUBLE NOT NULL, version BIGINT NOT NULL>"))
public final class Anomaly extends ProcessTableFunction<Row> {
  /** Makes the median absolute deviation comparable with a standard deviation (normal data). */
  private static final double DEVIATION_FACTOR = 1.4826;

  private static final long FNV_PRIME = 0x100000001b3L;
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;

  /** The last closed windows of one key. */
  public static final class History {
    /** Start of the newest of them, ms; null before there is one. */
    public Long last;

    /** Their values, oldest first. */
    public Double[] values = new Double[0];
  }

  /**
   * @param windows `_key`, `_start`, `_end` (ms), `_value` (may be null), `_version`; by key
   * @param everyMs the distance of windows; 0 for sessions, of which none is missing
   * @param meaning identifies what is looked for; a part of an alert's id
   */
  public void eval(
      @StateHint History state,
      @ArgumentHint(ArgumentTrait.SET_SEMANTIC_TABLE) Row windows,
      Integer history,
      Double threshold,
      Double floor,
      Integer warmUp,
      Long everyMs,
      String meaning) {
    String key = windows.getFieldAs("_key");
    long start = windows.<Long>getFieldAs("_start");
    Double value = windows.getFieldAs("_value");
    if (state.last == null && value == null) {
      return;
    }
    if (state.last != null && everyMs > 0) {
      long missing = (start - state.last) / everyMs - 1;
      for (long n = Math.min(missing, history); n > 0; n--) {
        push(state, 0.0, history);
      }
    }
    if (value != null) {
      if (state.values.length >= warmUp) {
        judge(state, windows, key, start, value, threshold, floor, meaning);
      }
      push(state, value, history);
    }
    state.last = start;
  }

  private void judge(
      History state,
      Row windows,
      String key,
      long start,
      double value,
      double threshold,
      double floor,
      String meaning) {
    double[] values = Arrays.stream(state.values).mapToDouble(Double::doubleValue).toArray();
    double centre = median(values);
    double[] deviations = Arrays.stream(values).map(each -> Math.abs(each - centre)).toArray();
    double spread = Math.max(DEVIATION_FACTOR * median(deviations), floor);
    double score = (value - centre) / spread;
    if (Math.abs(score) >= threshold) {
      long end = windows.<Long>getFieldAs("_end");
      long version = windows.<Long>getFieldAs("_version");
      collect(
          Row.of(idOf(meaning, key, start), start, end, value, centre, spread, score, version));
    }
  }

  private static void push(History state, double value, int history) {
    int kept = Math.min(state.values.length, history - 1);
    Double[] values = new Double[kept + 1];
    System.arraycopy(state.values, state.values.length - kept, values, 0, kept);
    values[kept] = value;
    state.values = values;
  }

  /** The middle value, or the mean of the two in the middle; NaN of none. */
  private static double median(double[] values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** FNV-1a of `["meaning","key",start]`, as `src/core/fingerprint.ts` has it. */
  private static String idOf(String meaning, String key, long start) {
    String text = "[" + quoted(meaning) + "," + quoted(key) + "," + start + "]";
    long hash = FNV_OFFSET;
    for (int at = 0; at < text.length(); at++) {
      hash = (hash ^ text.charAt(at)) * FNV_PRIME;
    }
    return String.format("%016x", hash);
  }

  /** A key is JSON already: of what JSON escapes it has quotes and backslashes only. */
  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
