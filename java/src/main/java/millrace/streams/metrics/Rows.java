package millrace.streams.metrics;

/** Where an operator puts the rows of its metric. */
interface Rows {
  void upsert(Row row);

  /** A session start that ceased to exist. */
  void delete(String key, long windowStart);

  /** A row of a metric. */
  record Row(
      String key, long windowStart, long windowEnd, Aggregates.Read values, boolean isClosed, long latePending) {}
}
