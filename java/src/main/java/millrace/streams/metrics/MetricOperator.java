package millrace.streams.metrics;

/** One metric in one aggregator. Its rows are a function of the events that it took and of progress. */
interface MetricOperator {
  void take(String key, Shuffled.Event event);

  /** Where the metric's events begin. */
  Since since();

  /** How many groups changed since the last call of {@code emit}. */
  int changes();

  /** Puts out what changed and what closed. */
  void emit(long progress, Rows rows);
}
