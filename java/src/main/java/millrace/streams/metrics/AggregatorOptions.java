package millrace.streams.metrics;

/**
 * What an aggregator goes by.
 *
 * @param sourcePartitions of the clean topic: each of them moves progress on
 * @param emitMs how often changed rows are emitted
 */
public record AggregatorOptions(int sourcePartitions, long slackMs, long emitMs) {}
