package millrace.streams.runner;

import java.util.Map;
import millrace.streams.gate.GateTopology;
import millrace.streams.metrics.AggregatorOptions;
import millrace.streams.metrics.MetricsTopology;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.records.Schemas;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;

/** Plans as topologies: pure, apart from what {@code Schemas} does. */
public final class Topologies {
  private Topologies() {}

  /** Everything of a plan that makes clean topics of raw ones. */
  public static Topology gates(StreamsPlan plan, Schemas schemas, Counters counters) {
    Topology topology = new Topology();
    plan.gates().forEach(gate -> GateTopology.add(topology, gate, schemas, counters));
    return topology;
  }

  /**
   * Everything of a plan that computes metrics.
   *
   * @param partitions of each clean topic
   */
  public static Topology metrics(
      StreamsPlan plan, Map<String, Integer> partitions, long emitMs, Schemas schemas, Counters counters) {
    StreamsBuilder builder = new StreamsBuilder();
    plan.topics().forEach(topic -> {
      AggregatorOptions options = new AggregatorOptions(partitions.get(topic.topic()), plan.slackMs(), emitMs);
      MetricsTopology.add(builder, topic, options, schemas, counters);
    });
    return builder.build();
  }
}
