package millrace.streams.expression;

/** An expression over the columns of a row, with SQL's three-valued logic; null is SQL's null. */
@FunctionalInterface
public interface Expression {
  Object of(Object[] row);

  /** Whether a condition takes a row: when it is true, neither false nor null. */
  default boolean takes(Object[] row) {
    return Boolean.TRUE.equals(of(row));
  }
}
