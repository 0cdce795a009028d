package millrace.streams.plan;

import java.util.List;

/** A clean topic with its metrics. */
public record TopicPlan(String topic, List<ColumnPlan> columns, List<MetricPlan> metrics) {}
