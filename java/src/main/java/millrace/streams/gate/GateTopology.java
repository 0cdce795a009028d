package millrace.streams.gate;

import java.util.Optional;
import java.util.Set;
import millrace.streams.plan.GatePlan;
import millrace.streams.records.Schemas;
import millrace.streams.runner.Counters;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.WallclockTimestampExtractor;

/** {@code <topic>.raw → gate → <topic>, derived topics}. */
public final class GateTopology {
  private GateTopology() {}

  public static void add(Topology topology, GatePlan plan, Schemas schemas, Counters counters) {
    String source = plan.topic() + "-raw";
    String gate = plan.topic() + "-gate";
    topology.addSource(
        AutoOffsetReset.earliest(),
        source,
        // Stream time means nothing here: ids are remembered by received time.
        new WallclockTimestampExtractor(),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer(),
        plan.raw());
    topology.addProcessor(gate, () -> new GateProcessor(plan, schemas, counters), source);
    if (plan.identity() != null) {
      topology.addStateStore(
          AcceptedIds.builder(GateProcessor.storeName(plan), plan.identity().horizonMs()), gate);
    }
    StreamPartitioner<byte[], GateOutput> samePartition =
        (topic, key, value, partitions) -> Optional.of(Set.of(value.partition()));
    Serializer<GateOutput> values = (topic, value) -> value.value();
    topology.addSink(
        plan.topic() + "-clean",
        (key, value, context) -> value.topic(),
        new ByteArraySerializer(),
        values,
        samePartition,
        gate);
  }
}
