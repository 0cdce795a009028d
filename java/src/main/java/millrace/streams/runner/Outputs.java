package millrace.streams.runner;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import millrace.streams.plan.AnomalyPlan;
import millrace.streams.plan.GatePlan;
import millrace.streams.plan.MadeStreamPlan;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.plan.TopicPlan;
import millrace.streams.records.Schemas;
import org.apache.avro.Schema;

/** What must be there before a plan can run: topics, and the schemas of what it writes. */
final class Outputs {
  private final TreeSet<String> topics = new TreeSet<>();
  private final Map<String, JsonNode> schemas = new LinkedHashMap<>();

  Outputs(StreamsPlan plan, boolean isGate, boolean isMetrics) {
    if (isGate) plan.gates().forEach(this::add);
    if (isMetrics) plan.topics().forEach(this::add);
  }

  Stream<String> topics() {
    return Stream.concat(topics.stream(), schemas.keySet().stream());
  }

  void requireSchemas(Schemas registry) {
    schemas.forEach((topic, avro) -> registry.idOf(topic, new Schema.Parser().parse(avro.toString())));
  }

  private void add(GatePlan gate) {
    topics.add(gate.raw());
    topics.add(gate.topic());
    for (MadeStreamPlan stream : gate.streams()) schemas.put(stream.topic(), stream.avro());
  }

  private void add(TopicPlan topic) {
    topics.add(topic.topic());
    for (MetricPlan metric : topic.metrics()) {
      schemas.put(metric.rows(), metric.avro());
      for (AnomalyPlan anomaly : metric.anomalies()) schemas.put(anomaly.alerts(), anomaly.avro());
    }
  }
}
