package handwritten;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.SessionStore;

/** What a person did without a pause of half an hour. */
final class SessionMetrics {
  private static final Duration GAP = Duration.ofMinutes(30);
  private static final Schema WANTED = new Schema.Parser().parse("""
      {"type": "record", "name": "user_events", "namespace": "millrace", "fields": [
        {"name": "event_type", "type": "string"},
        {"name": "timestamp", "type": "long"},
        {"name": "received_at", "type": "long"},
        {"name": "_flags", "type": "long"},
        {"name": "properties", "type": {"type": "record", "name": "user_events_properties", "fields": [
          {"name": "page_url", "type": ["null", "string"], "default": null},
          {"name": "price", "type": ["null", "bytes"], "default": null}
        ]}}
      ]}""");
  private static final Schema STATE = new Schema.Parser().parse("""
      {"type": "record", "name": "session", "fields": [
        {"name": "events", "type": "long"},
        {"name": "pages", "type": {"type": "array", "items": "string"}},
        {"name": "revenue", "type": ["null", "bytes"], "default": null}
      ]}""");

  private SessionMetrics() {}

  /** The topic's key is the person whom the sessions are of: nothing needs to be shuffled. */
  static void build(StreamsBuilder builder, SchemaRegistry registry, String input, String output) {
    SchemaRegistry.Registered rows = registry.newest(output + "-value");
    UserEvents.onTime(builder, registry, input, WANTED)
        .groupByKey()
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(GAP, UserEvents.GRACE))
        .aggregate(
            SessionMetrics::empty,
            (user, event, session) -> added(session, event),
            (user, left, right) -> merged(left, right),
            Materialized.<String, GenericRecord, SessionStore<Bytes, byte[]>>as("sessions")
                .withKeySerde(Serdes.String())
                .withValueSerde(AvroSerdes.internal(STATE))
                .withRetention(GAP.plus(UserEvents.GRACE)))
        .toStream()
        .map((user, session) -> KeyValue.pair(UserEvents.keyOf(user.key()), rowOf(rows.schema(), user, session)))
        .to(output, Produced.with(Serdes.String(), AvroSerdes.writing(rows)));
  }

  private static GenericRecord empty() {
    return session(0, List.of(), null);
  }

  private static GenericRecord session(long events, List<CharSequence> pages, ByteBuffer revenue) {
    GenericRecord session = new GenericData.Record(STATE);
    session.put("events", events);
    session.put("pages", pages);
    session.put("revenue", revenue);
    return session;
  }

  private static GenericRecord added(GenericRecord session, GenericRecord event) {
    GenericRecord properties = UserEvents.propertiesOf(event);
    List<CharSequence> pages = pagesOf(session);
    CharSequence page = (CharSequence) properties.get("page_url");
    if (page != null && !pages.contains(page)) {
      pages = new ArrayList<>(pages);
      pages.add(page);
    }
    ByteBuffer revenue = revenueOf(session);
    if (event.get("event_type").toString().equals("purchase")) {
      revenue = sum(revenue, (ByteBuffer) properties.get("price"));
    }
    return session((Long) session.get("events") + 1, pages, revenue);
  }

  private static GenericRecord merged(GenericRecord left, GenericRecord right) {
    Set<CharSequence> pages = new LinkedHashSet<>(pagesOf(left));
    pages.addAll(pagesOf(right));
    long events = (Long) left.get("events") + (Long) right.get("events");
    return session(events, List.copyOf(pages), sum(revenueOf(left), revenueOf(right)));
  }

  @SuppressWarnings("unchecked")
  private static List<CharSequence> pagesOf(GenericRecord session) {
    return (List<CharSequence>) session.get("pages");
  }

  private static ByteBuffer revenueOf(GenericRecord session) {
    return (ByteBuffer) session.get("revenue");
  }

  /** Of amounts with the same number of places. */
  private static ByteBuffer sum(ByteBuffer left, ByteBuffer right) {
    if (left == null) return right;
    if (right == null) return left;
    return ByteBuffer.wrap(amount(left).add(amount(right)).toByteArray());
  }

  private static BigInteger amount(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return new BigInteger(copy);
  }

  /** A session that grew is another window to Kafka Streams: the former one is deleted first. */
  private static GenericRecord rowOf(Schema schema, Windowed<String> user, GenericRecord session) {
    GenericRecord row = new GenericData.Record(schema);
    row.put("op", session == null ? "delete" : "upsert");
    row.put("key", UserEvents.keyOf(user.key()));
    row.put("window_start", user.window().start());
    row.put("window_end", user.window().end());
    row.put("user_id", user.key());
    row.put("events", session == null ? 0L : session.get("events"));
    row.put("pages", session == null ? 0L : pagesOf(session).size());
    row.put("revenue", session == null ? null : revenueOf(session));
    row.put("incomplete", false);
    row.put("closed", false);
    row.put("late_pending", 0L);
    row.put("generation", 0L);
    row.put("version", UserEvents.nextVersion());
    return row;
  }
}
