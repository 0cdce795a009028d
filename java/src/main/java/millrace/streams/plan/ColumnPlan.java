package millrace.streams.plan;

/** A column that is read from the records of a topic: a dotted path, or a field on their top level. */
public record ColumnPlan(String name, ValueType type) {}
