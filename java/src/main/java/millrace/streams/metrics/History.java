package millrace.streams.metrics;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** The values of the last closed windows of one key, oldest first. */
final class History {
  private static final long NEVER = Long.MIN_VALUE;
  private final int most;
  private final Deque<Double> values = new ArrayDeque<>();

  /** Start of the newest of the windows. */
  private long last = NEVER;

  History(int most) {
    this.most = most;
  }

  int size() {
    return values.size();
  }

  void push(double value) {
    values.addLast(value);
    if (values.size() > most) values.removeFirst();
  }

  /** A 0 for each window between the last one and this start; sessions have no missing windows. */
  void fillUpTo(long start, long everyMs) {
    if (everyMs > 0 && last != NEVER) {
      long missing = (start - last) / everyMs - 1;
      for (long left = Math.min(missing, most); left > 0; left--) push(0);
    }
    last = start;
  }

  double median() {
    return medianOf(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Median absolute deviation from a centre. */
  double medianDeviation(double centre) {
    return medianOf(values.stream().mapToDouble(value -> Math.abs(value - centre)).toArray());
  }

  private static double medianOf(double[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }

  byte[] encoded() {
    return StateStore.written(out -> {
      out.writeLong(last);
      out.writeInt(values.size());
      for (double value : values) out.writeDouble(value);
    });
  }

  static History decoded(byte[] bytes, int most) {
    History history = new History(most);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      history.last = in.readLong();
      for (int left = in.readInt(); left > 0; left--) history.values.addLast(in.readDouble());
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return history;
  }
}
