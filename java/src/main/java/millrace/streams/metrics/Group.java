package millrace.streams.metrics;

/** What is kept of the events of one group: a cell a component. */
final class Group {
  /** Events on time. */
  long n;

  final Object[] cells;

  /** Under which its different values are stored; 0: it has none yet. */
  long owner;

  Group(int components) {
    cells = new Object[components];
  }
}
