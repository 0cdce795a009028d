package handwritten;

import java.time.Duration;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.WindowStore;

/** Views of each page in five minutes. */
final class PageViewCounts {
  private static final Duration SIZE = Duration.ofMinutes(5);
  private static final Schema WANTED = new Schema.Parser().parse("""
      {"type": "record", "name": "user_events", "namespace": "millrace", "fields": [
        {"name": "event_type", "type": "string"},
        {"name": "timestamp", "type": "long"},
        {"name": "received_at", "type": "long"},
        {"name": "_flags", "type": "long"},
        {"name": "properties", "type": {"type": "record", "name": "user_events_properties", "fields": [
          {"name": "page_url", "type": ["null", "string"], "default": null}
        ]}}
      ]}""");

  private PageViewCounts() {}

  static void build(StreamsBuilder builder, SchemaRegistry registry, String input, String output) {
    SchemaRegistry.Registered rows = registry.newest(output + "-value");
    UserEvents.onTime(builder, registry, input, WANTED)
        .filter((user, event) -> event.get("event_type").toString().equals("page_view"))
        // The window only needs the page, and the time, which is the record's: one byte stands for the event.
        .map((user, event) -> KeyValue.pair(pageOf(event), new byte[1]))
        .groupByKey(Grouped.with("by-page", Serdes.String(), Serdes.ByteArray()))
        .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, UserEvents.GRACE))
        .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("views").withRetention(SIZE.plus(UserEvents.GRACE)))
        .toStream()
        .map((page, views) -> KeyValue.pair(UserEvents.keyOf(page.key()), rowOf(rows.schema(), page, views)))
        .to(output, Produced.with(Serdes.String(), AvroSerdes.writing(rows)));
  }

  private static String pageOf(GenericRecord event) {
    Object url = UserEvents.propertiesOf(event).get("page_url");
    return url == null ? null : url.toString();
  }

  private static GenericRecord rowOf(Schema schema, Windowed<String> page, long views) {
    GenericRecord row = new GenericData.Record(schema);
    row.put("op", "upsert");
    row.put("key", UserEvents.keyOf(page.key()));
    row.put("window_start", page.window().start());
    row.put("window_end", page.window().end());
    row.put("page_url", page.key());
    row.put("views", views);
    row.put("incomplete", false);
    row.put("closed", false);
    row.put("late_pending", 0L);
    row.put("generation", 0L);
    row.put("version", UserEvents.nextVersion());
    return row;
  }
}
