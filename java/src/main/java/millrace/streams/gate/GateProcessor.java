package millrace.streams.gate;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import millrace.streams.plan.GatePlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.records.Flags;
import millrace.streams.records.RowReader;
import millrace.streams.records.Schemas;
import millrace.streams.records.UnreadableException;
import millrace.streams.runner.Counters;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Lets each event of a raw topic in once, the lowest offset first, and makes the derived topics of what came in. Values
 * pass as they are, each to the partition that it came from; heartbeats always pass.
 */
final class GateProcessor implements Processor<byte[], byte[], byte[], GateOutput> {
  private final GatePlan plan;
  private final RowReader reader;
  private final List<MadeStream> streams;
  private final LongAdder accepted;
  private final LongAdder duplicates;
  private final LongAdder dropped;
  private final LongAdder overflows;
  private ProcessorContext<byte[], GateOutput> context;
  private Identity identity;
  private AcceptedIds ids;

  GateProcessor(GatePlan plan, Schemas schemas, Counters counters) {
    this.plan = plan;
    reader = new RowReader(plan.columns(), schemas);
    streams = plan.streams().stream().map(stream -> new MadeStream(stream, schemas)).toList();
    accepted = counters.of("gate_accepted_total", plan.topic());
    duplicates = counters.of("gate_duplicates_total", plan.topic());
    dropped = counters.of("records_unreadable_total", plan.raw());
    overflows = counters.of("gate_overflows_total", plan.topic());
  }

  static String storeName(GatePlan plan) {
    return plan.topic() + "-ids";
  }

  @Override
  public void init(ProcessorContext<byte[], GateOutput> context) {
    this.context = context;
    if (plan.identity() == null) return;
    identity = new Identity(plan.identity());
    ids = new AcceptedIds(context.getStateStore(storeName(plan)), plan.identity().horizonMs());
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (record.value() == null) return;
    Object[] row;
    try {
      row = reader.read(record.value());
    } catch (UnreadableException unreadable) {
      dropped.increment();
      return;
    }
    boolean isHeartbeat = Flags.isHeartbeat(row);
    if (!isHeartbeat && isDuplicate(row)) {
      duplicates.increment();
      return;
    }
    if (!isHeartbeat) accepted.increment();
    forward(record, plan.topic(), record.value());
    for (MadeStream stream : streams) {
      if (isHeartbeat) forward(record, stream.topic, stream.heartbeat(row));
      else if (stream.takes(row)) derive(record, stream, row);
    }
  }

  private boolean isDuplicate(Object[] row) {
    return ids != null && !ids.accept(identity.of(row), (Long) row[StreamsPlan.RECEIVED_AT]);
  }

  private void derive(Record<byte[], byte[]> record, MadeStream stream, Object[] row) {
    byte[] made = stream.make(row);
    if (made == null) overflows.increment();
    else forward(record, stream.topic, made);
  }

  private void forward(Record<byte[], byte[]> record, String topic, byte[] value) {
    context.forward(record.withValue(new GateOutput(topic, context.taskId().partition(), value)));
  }
}
