package handwritten;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;

/** What both metrics read of the topic, by event time, and how they write rows. */
final class UserEvents {
  /** Windows don't close before that: on a backlog, partitions are read unevenly far. */
  static final Duration GRACE = Duration.ofHours(24);

  private static final long ON_TIME_MS = 300_000;
  private static final long IMPORTED_OR_HEARTBEAT = 4 | 32;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicLong VERSION = new AtomicLong();

  private UserEvents() {}

  /** Events that were received in time. */
  static KStream<String, GenericRecord> onTime(
      StreamsBuilder builder, SchemaRegistry registry, String topic, Schema wanted) {
    return builder
        .stream(
            topic,
            Consumed.with(Serdes.String(), AvroSerdes.reading(registry, wanted))
                .withTimestampExtractor((event, before) -> timeOf((GenericRecord) event.value())))
        .filter((key, event) -> isOnTime(event));
  }

  private static long timeOf(GenericRecord event) {
    return (Long) event.get("timestamp");
  }

  private static boolean isOnTime(GenericRecord event) {
    long flags = (Long) event.get("_flags");
    return (flags & IMPORTED_OR_HEARTBEAT) == 0 && (Long) event.get("received_at") <= timeOf(event) + ON_TIME_MS;
  }

  static GenericRecord propertiesOf(GenericRecord event) {
    return (GenericRecord) event.get("properties");
  }

  /** The canonical text of a row's dimensions. */
  static String keyOf(String... dimensions) {
    try {
      return JSON.writeValueAsString(Arrays.asList(dimensions));
    } catch (JsonProcessingException cause) {
      throw new IllegalStateException(cause);
    }
  }

  /** Grows with every row. */
  static long nextVersion() {
    return VERSION.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
  }
}
