package millrace.streams.metrics;

/** A record that leaves an aggregator, under the canonical key of its row. */
record Output(String topic, byte[] value) {}
