package millrace.streams.metrics;

import java.util.List;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.ValueType;
import millrace.streams.records.RecordWriter;
import millrace.streams.records.Schemas;
import org.apache.avro.Schema;

/** Writes the rows of one metric as records. */
final class RowRecords {
  private static final Long GENERATION = 0L;
  private final List<ValueType> types;
  private final RecordWriter writer;
  private final Aggregates.Read none;

  RowRecords(MetricPlan plan, Schemas schemas, Aggregates.Read none) {
    types = plan.by().stream().map(MetricPlan.Dimension::type).toList();
    Schema schema = new Schema.Parser().parse(plan.avro().toString());
    writer = new RecordWriter(schema, schemas.idOf(plan.rows(), schema));
    this.none = none;
  }

  byte[] upsert(Rows.Row row, long version) {
    return write("upsert", row, version);
  }

  byte[] delete(String key, long windowStart, long version) {
    return write("delete", new Rows.Row(key, windowStart, windowStart, none, false, 0), version);
  }

  /** In the order of the schema's fields. */
  private byte[] write(String op, Rows.Row row, long version) {
    Object[] dimensions = CanonicalKey.parse(types, row.key());
    Object[] components = row.values().components();
    Object[] values = new Object[4 + dimensions.length + components.length + 5];
    int at = 0;
    values[at++] = op;
    values[at++] = row.key();
    values[at++] = row.windowStart();
    values[at++] = row.windowEnd();
    for (Object dimension : dimensions) values[at++] = dimension;
    for (Object component : components) values[at++] = component;
    values[at++] = row.values().isIncomplete();
    values[at++] = row.isClosed();
    values[at++] = row.latePending();
    values[at++] = GENERATION;
    values[at] = version;
    return writer.write(values);
  }
}
