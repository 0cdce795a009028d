package millrace.streams.gate;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import millrace.streams.expression.Expression;
import millrace.streams.expression.ExpressionCompiler;
import millrace.streams.plan.MadeStreamPlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.plan.ValueType;
import millrace.streams.records.RecordWriter;
import millrace.streams.records.Schemas;
import org.apache.avro.Schema;

/** Makes the records of a derived topic from clean records of another: filter and select. */
final class MadeStream {
  final String topic;
  private final Expression where;
  private final RecordWriter writer;

  /** What stands in each leaf of its records; none: null. */
  private final Expression[] values;

  /** Bounds of the leaves that are amounts. */
  private final BigInteger[] bounds;

  private final int time;
  private final int receivedAt;

  MadeStream(MadeStreamPlan plan, Schemas schemas) {
    topic = plan.topic();
    where = ExpressionCompiler.condition(plan.where());
    Schema schema = new Schema.Parser().parse(plan.avro().toString());
    writer = new RecordWriter(schema, schemas.idOf(topic, schema));
    List<String> paths = writer.paths();
    values = new Expression[paths.size()];
    bounds = new BigInteger[paths.size()];
    Map<String, MadeStreamPlan.Field> fields = new HashMap<>();
    for (MadeStreamPlan.Field field : plan.fields()) fields.put(field.name(), field);
    for (int at = 0; at < values.length; at++) {
      MadeStreamPlan.Field field = fields.get(paths.get(at));
      if (field == null) continue;
      values[at] = ExpressionCompiler.compile(field.value());
      if (field.type().kind() == ValueType.Kind.DECIMAL) bounds[at] = BigInteger.TEN.pow(field.type().precision());
    }
    time = paths.indexOf(plan.time());
    receivedAt = paths.indexOf("received_at");
    values[receivedAt] = row -> row[StreamsPlan.RECEIVED_AT];
    values[paths.indexOf("_flags")] = row -> row[StreamsPlan.FLAGS];
  }

  boolean takes(Object[] row) {
    return where.takes(row);
  }

  /** The record of a row; null where an amount doesn't fit its declared precision. */
  byte[] make(Object[] row) {
    Object[] made = new Object[values.length];
    for (int at = 0; at < made.length; at++) {
      if (values[at] == null) continue;
      made[at] = values[at].of(row);
      boolean fits = bounds[at] == null || made[at] == null || ((BigInteger) made[at]).abs().compareTo(bounds[at]) < 0;
      if (!fits) return null;
    }
    return writer.write(made);
  }

  /** The heartbeat of a heartbeat: required leaves are empty but for the times. */
  byte[] heartbeat(Object[] row) {
    Object[] made = new Object[values.length];
    for (int at = 0; at < made.length; at++) {
      if (writer.isRequired(at)) made[at] = writer.emptyValue(at);
    }
    made[time] = row[StreamsPlan.RECEIVED_AT];
    made[receivedAt] = row[StreamsPlan.RECEIVED_AT];
    made[writer.paths().indexOf("_flags")] = row[StreamsPlan.FLAGS];
    return writer.write(made);
  }
}
