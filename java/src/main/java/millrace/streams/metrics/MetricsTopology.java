package millrace.streams.metrics;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import millrace.streams.plan.TopicPlan;
import millrace.streams.records.Schemas;
import millrace.streams.runner.Counters;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.WallclockTimestampExtractor;
import org.apache.kafka.streams.state.Stores;

/** {@code <topic> → router → by group → aggregator → <metric>.rows, <anomaly>.alerts}. */
public final class MetricsTopology {
  private MetricsTopology() {}

  public static void add(
      StreamsBuilder builder, TopicPlan plan, AggregatorOptions options, Schemas schemas, Counters counters) {
    String read = Router.storeName(plan);
    String windows = Aggregator.storeName(plan);
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(read), Serdes.String(), Serdes.Long())
            .withCachingEnabled());
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(windows), Serdes.Bytes(), Serdes.ByteArray())
            .withCachingEnabled());
    builder
        .stream(plan.topic(), source())
        .process(() -> new Router(plan, options, schemas, counters), Named.as(plan.topic() + "-router"), read)
        .repartition(byGroup(plan, options.sourcePartitions()))
        .process(
            () -> new Aggregator(plan, options, schemas, counters), Named.as(plan.topic() + "-aggregator"), windows)
        .to(
            (key, output, context) -> output.topic(),
            Produced.<String, Output>as(plan.topic() + "-rows")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.serdeFrom((topic, output) -> output.value(), (topic, bytes) -> null)));
  }

  /** Stream time means nothing here: windows close by received times, and nothing is ever dropped. */
  private static Consumed<byte[], byte[]> source() {
    return Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())
        .withTimestampExtractor(new WallclockTimestampExtractor())
        .withOffsetResetPolicy(AutoOffsetReset.earliest());
  }

  /** Events go by the murmur2 of their group's text, as the rows do; the rest goes everywhere. */
  private static Repartitioned<String, Shuffled> byGroup(TopicPlan plan, int partitions) {
    Set<Integer> all = IntStream.range(0, partitions).boxed().collect(Collectors.toUnmodifiableSet());
    StreamPartitioner<String, Shuffled> partitioner =
        (topic, key, value, count) ->
            Optional.of(value instanceof Shuffled.Event ? Set.of(partitionOf(key, count)) : all);
    return Repartitioned.<String, Shuffled>as(plan.topic() + "-by-group")
        .withKeySerde(Serdes.String())
        .withValueSerde(Shuffled.serde())
        .withNumberOfPartitions(partitions)
        .withStreamPartitioner(partitioner);
  }

  private static int partitionOf(String key, int partitions) {
    byte[] utf8 = key.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return Utils.toPositive(Utils.murmur2(utf8)) % partitions;
  }
}
