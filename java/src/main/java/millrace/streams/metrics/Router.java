package millrace.streams.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.plan.TopicPlan;
import millrace.streams.records.Flags;
import millrace.streams.records.RowReader;
import millrace.streams.records.Schemas;
import millrace.streams.records.UnreadableException;
import millrace.streams.runner.Counters;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Reads one partition of a clean topic, decides what is on time, and sends what each metric takes of a row to the
 * aggregator of its group. How far the partition was read, in received time, is told to all aggregators every so often,
 * behind everything that was read before.
 */
final class Router implements Processor<byte[], byte[], String, Shuffled> {
  private static final String GREATEST = "greatest";

  /** Before the ids of the metrics in the store. */
  private static final String SINCE = "since ";

  /** How far an event's time may lie after its received time: the door corrects the rest. */
  private static final long FUTURE_MS = 120_000;

  private final TopicPlan plan;
  private final AggregatorOptions options;
  private final RowReader reader;
  private final List<MetricRouter> metrics;
  private final LongAdder records;
  private final LongAdder unreadable;
  private ProcessorContext<String, Shuffled> context;
  private KeyValueStore<String, Long> read;
  private long greatest;
  private long told = Long.MIN_VALUE;
  private boolean hasAnnounced;

  Router(TopicPlan plan, AggregatorOptions options, Schemas schemas, Counters counters) {
    this.plan = plan;
    this.options = options;
    reader = new RowReader(plan.columns(), schemas);
    metrics = plan.metrics().stream().map(MetricRouter::new).toList();
    records = counters.of("records_total", plan.topic());
    unreadable = counters.of("records_unreadable_total", plan.topic());
  }

  static String storeName(TopicPlan plan) {
    return plan.topic() + "-read";
  }

  @Override
  public void init(ProcessorContext<String, Shuffled> context) {
    this.context = context;
    read = context.getStateStore(storeName(plan));
    Long known = read.get(GREATEST);
    greatest = known == null ? Long.MIN_VALUE : known;
    settleMetrics();
    // Every aggregator is told: more often than rows go out it would only be work for all of them.
    context.schedule(
        Duration.ofMillis(options.emitMs()), PunctuationType.WALL_CLOCK_TIME, now -> tellProgress());
  }

  /** A metric that is new saw every event from now on; what is no longer in the plan is forgotten. */
  private void settleMetrics() {
    Set<String> wanted = new HashSet<>();
    for (MetricPlan metric : plan.metrics()) {
      String key = SINCE + metric.id();
      wanted.add(key);
      if (read.get(key) == null) read.put(key, greatest == Long.MIN_VALUE ? greatest : greatest + FUTURE_MS + 1);
    }
    List<String> unwanted = new ArrayList<>();
    try (KeyValueIterator<String, Long> all = read.all()) {
      while (all.hasNext()) {
        String key = all.next().key;
        if (key.startsWith(SINCE) && !wanted.contains(key)) unwanted.add(key);
      }
    }
    unwanted.forEach(read::delete);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (record.value() == null) return;
    announce();
    Object[] row;
    try {
      row = reader.read(record.value());
    } catch (UnreadableException cause) {
      unreadable.increment();
      return;
    }
    records.increment();
    long receivedAt = (Long) row[StreamsPlan.RECEIVED_AT];
    // What runs backwards by the slack or more may belong to a window that has closed: it enters by
    // amendment, as late events do. The collectors promise not to do that.
    boolean isInOrder = greatest == Long.MIN_VALUE || receivedAt > greatest - options.slackMs();
    if (!Flags.isHeartbeat(row)) route(row, isInOrder && !Flags.isImported(row));
    if (receivedAt > greatest) {
      greatest = receivedAt;
      read.put(GREATEST, greatest);
    }
  }

  private void route(Object[] row, boolean isEligible) {
    for (MetricRouter metric : metrics) {
      Shuffled.Event event = metric.take(row, isEligible);
      if (event != null) context.forward(new Record<>(metric.keyOf(row), event, context.currentSystemTimeMs()));
    }
  }

  private void tellProgress() {
    announce();
    if (greatest == told) return;
    told = greatest;
    tell(new Shuffled.Progressed(context.taskId().partition(), greatest));
  }

  /** Says, also of a partition without records, from when on it is read for each metric. */
  private void announce() {
    if (hasAnnounced) return;
    hasAnnounced = true;
    for (MetricPlan metric : plan.metrics()) {
      tell(new Shuffled.Announced(context.taskId().partition(), metric.id(), read.get(SINCE + metric.id())));
    }
  }

  /** To every aggregator. */
  private void tell(Shuffled what) {
    context.forward(new Record<>("", what, context.currentSystemTimeMs()));
  }
}
