package millrace.streams.metrics;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import millrace.streams.plan.MetricPlan;
import millrace.streams.records.Schemas;
import millrace.streams.runner.Counters;

/** One metric in one aggregator: its operator, what becomes of its rows, and who watches them. */
final class MetricStage {
  private final MetricPlan plan;
  private final MetricOperator operator;
  private final RowRecords records;
  private final List<AnomalyOperator> anomalies;
  private final LongAdder rows;

  MetricStage(
      MetricPlan plan, AggregatorOptions options, StateStore store, Schemas schemas, Counters counters) {
    this.plan = plan;
    Since since = new Since(store, plan.id(), options.sourcePartitions());
    operator =
        plan.window().kind().equals("session")
            ? new SessionOperator(plan, options.slackMs(), store, since)
            : new PaneOperator(plan, options.slackMs(), store, since);
    Aggregates aggregates = new Aggregates(plan.components(), new DifferentValues(store, plan.id()));
    records = new RowRecords(plan, schemas, aggregates.read(List.of()));
    anomalies = plan.anomalies().stream().map(each -> new AnomalyOperator(each, plan, store, schemas)).toList();
    rows = counters.of("rows_total", plan.rows());
  }

  void take(String key, Shuffled.Event event) {
    operator.take(key, event);
  }

  void announce(int partition, long since) {
    operator.since().announce(partition, since);
  }

  int changes() {
    return operator.changes();
  }

  /** Puts out rows and alerts under their keys. */
  void emit(long progress, long version, BiConsumer<String, Output> out) {
    if (!operator.since().isKnown()) return;
    operator.emit(progress, new Rows() {
      @Override
      public void upsert(Row row) {
        rows.increment();
        out.accept(row.key(), new Output(plan.rows(), records.upsert(row, version)));
        if (row.isClosed()) watch(row, version, out);
      }

      @Override
      public void delete(String key, long windowStart) {
        rows.increment();
        out.accept(key, new Output(plan.rows(), records.delete(key, windowStart, version)));
      }
    });
  }

  private void watch(Rows.Row row, long version, BiConsumer<String, Output> out) {
    for (AnomalyOperator anomaly : anomalies) {
      byte[] alert = anomaly.take(row, version);
      if (alert != null) out.accept(row.key(), new Output(anomaly.plan.alerts(), alert));
    }
  }
}
