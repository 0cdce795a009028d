package millrace.streams.metrics;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What a router sends to the aggregators, by the keys of groups. */
sealed interface Shuffled {
  int EVENT = 0;
  int PROGRESSED = 1;
  int ANNOUNCED = 2;

  /**
   * One event for one metric.
   *
   * @param metric {@code MetricPlan.id}
   * @param values what each component takes of it: null where it takes nothing; none when the event is late
   */
  record Event(int metric, long time, long receivedAt, boolean isOnTime, Object[] values) implements Shuffled {}

  /** A partition of the topic was read up to a received time; everything before it was sent before. */
  record Progressed(int partition, long receivedAt) implements Shuffled {}

  /** A partition was read for a metric from a time on; said before the metric's first event. */
  record Announced(int partition, int metric, long since) implements Shuffled {}

  static Serde<Shuffled> serde() {
    return Serdes.serdeFrom((topic, shuffled) -> encode(shuffled), (topic, bytes) -> decode(bytes));
  }

  private static byte[] encode(Shuffled shuffled) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      if (shuffled instanceof Progressed progressed) {
        out.writeByte(PROGRESSED);
        out.writeInt(progressed.partition());
        out.writeLong(progressed.receivedAt());
      } else if (shuffled instanceof Announced announced) {
        out.writeByte(ANNOUNCED);
        out.writeInt(announced.partition());
        out.writeInt(announced.metric());
        out.writeLong(announced.since());
      } else if (shuffled instanceof Event event) {
        out.writeByte(EVENT);
        out.writeInt(event.metric());
        out.writeLong(event.time());
        out.writeLong(event.receivedAt());
        out.writeBoolean(event.isOnTime());
        out.writeShort(event.values().length);
        for (Object value : event.values()) Values.write(out, value);
      }
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return bytes.toByteArray();
  }

  private static Shuffled decode(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int kind = in.readUnsignedByte();
      if (kind == PROGRESSED) return new Progressed(in.readInt(), in.readLong());
      if (kind == ANNOUNCED) return new Announced(in.readInt(), in.readInt(), in.readLong());
      int metric = in.readInt();
      long time = in.readLong();
      long receivedAt = in.readLong();
      boolean isOnTime = in.readBoolean();
      Object[] values = new Object[in.readUnsignedShort()];
      for (int at = 0; at < values.length; at++) values[at] = Values.read(in);
      return new Event(metric, time, receivedAt, isOnTime, values);
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
  }
}
