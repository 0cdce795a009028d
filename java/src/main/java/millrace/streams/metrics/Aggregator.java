package millrace.streams.metrics;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.TopicPlan;
import millrace.streams.records.Schemas;
import millrace.streams.runner.Counters;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps the groups of one partition of keys, for all metrics of a topic, and emits what changed every so often. */
final class Aggregator implements Processor<String, Shuffled, String, Output> {
  /** Changed groups above which rows are emitted early. */
  private static final int CHANGES_MAX = 20_000;

  private static final Bytes VERSION = StateStore.key('v', 0);
  private final TopicPlan plan;
  private final AggregatorOptions options;
  private final Schemas schemas;
  private final Counters counters;
  private final Map<Integer, MetricStage> metrics = new HashMap<>();
  private ProcessorContext<String, Output> context;
  private StateStore store;
  private Progress progress;

  Aggregator(TopicPlan plan, AggregatorOptions options, Schemas schemas, Counters counters) {
    this.plan = plan;
    this.options = options;
    this.schemas = schemas;
    this.counters = counters;
  }

  static String storeName(TopicPlan plan) {
    return plan.topic() + "-windows";
  }

  @Override
  public void init(ProcessorContext<String, Output> context) {
    this.context = context;
    KeyValueStore<Bytes, byte[]> kept = context.getStateStore(storeName(plan));
    store = new StateStore(kept);
    progress = new Progress(store, options.sourcePartitions());
    forgetOthers();
    for (MetricPlan metric : plan.metrics()) {
      metrics.put(metric.id(), new MetricStage(metric, options, store, schemas, counters));
    }
    context.schedule(Duration.ofMillis(options.emitMs()), PunctuationType.WALL_CLOCK_TIME, now -> emit());
  }

  /** Removes what is kept of metrics that are no longer in the plan, or whose definition changed. */
  private void forgetOthers() {
    Set<Integer> others = new HashSet<>();
    store.visit(Since.prefix(0), StateStore.key('c', 0), (key, none) -> others.add(StateStore.idOf(key)));
    plan.metrics().forEach(metric -> others.remove(metric.id()));
    others.forEach(store::forgetMetric);
  }

  @Override
  public void process(Record<String, Shuffled> record) {
    if (record.value() instanceof Shuffled.Progressed progressed) {
      progress.advance(progressed.partition(), progressed.receivedAt());
      return;
    }
    if (record.value() instanceof Shuffled.Announced announced) {
      MetricStage metric = metrics.get(announced.metric());
      if (metric != null) metric.announce(announced.partition(), announced.since());
    } else if (record.value() instanceof Shuffled.Event event) take(record.key(), event);
  }

  private void take(String key, Shuffled.Event event) {
    MetricStage metric = metrics.get(event.metric());
    if (metric == null) return; // sent by another definition
    metric.take(key, event);
    if (metric.changes() > CHANGES_MAX) emit();
  }

  private void emit() {
    // Grows with each writing, also after the state was lost.
    long version = Math.max(store.number(VERSION, 0) + 1, context.currentSystemTimeMs());
    long least = progress.least();
    boolean[] hasOutput = {false};
    for (MetricStage metric : metrics.values()) {
      metric.emit(least, version, (key, output) -> {
        hasOutput[0] = true;
        context.forward(new Record<>(key, output, context.currentSystemTimeMs()));
      });
    }
    if (hasOutput[0]) store.putNumber(VERSION, version);
  }
}
