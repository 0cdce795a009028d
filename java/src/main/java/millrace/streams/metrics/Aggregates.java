package millrace.streams.metrics;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import millrace.streams.plan.ComponentPlan;
import millrace.streams.plan.ValueType;
import org.apache.kafka.common.utils.Bytes;

/**
 * The aggregates of a metric. Adding and merging are commutative and associative: a group's value depends on the set of its
 * events alone. Sums are unbounded while they are kept; whether they fit is asked of the whole.
 */
final class Aggregates {
  /** A count of different values that exceeded its limit; the values are forgotten. */
  private static final Long EXCEEDED = -1L;

  private static final BigInteger DECIMAL_BOUND = BigInteger.TEN.pow(38);
  private static final int LONG_BITS = 63;
  private final List<ComponentPlan> components;
  private final DifferentValues different;

  /** Components of a group as a row has them. */
  record Read(Object[] components, boolean isIncomplete) {}

  Aggregates(List<ComponentPlan> components, DifferentValues different) {
    this.components = components;
    this.different = different;
  }

  /** A group without events. */
  Group begin() {
    Group group = new Group(components.size());
    for (int at = 0; at < group.cells.length; at++) {
      group.cells[at] =
          switch (components.get(at).kind()) {
            case COUNT, COUNT_DISTINCT -> 0L;
            default -> null;
          };
    }
    return group;
  }

  /** Adds what an event has for each component. */
  void add(Group group, Object[] values) {
    group.n++;
    for (int at = 0; at < values.length; at++) {
      if (values[at] != null) add(group, at, values[at]);
    }
  }

  private void add(Group group, int at, Object value) {
    Object cell = group.cells[at];
    switch (components.get(at).kind()) {
      case COUNT -> group.cells[at] = (Long) cell + 1;
      case COUNT_DISTINCT -> addDifferent(group, at, value);
      default -> group.cells[at] = combined(at, cell, value);
    }
  }

  private void addDifferent(Group group, int at, Object value) {
    if (EXCEEDED.equals(group.cells[at]) || !different.add(group, at, value)) return;
    setDifferent(group, at, (Long) group.cells[at] + 1);
  }

  private void setDifferent(Group group, int at, long count) {
    boolean isWithin = count <= components.get(at).limit();
    group.cells[at] = isWithin ? (Long) count : EXCEEDED;
    if (!isWithin) different.remove(group, at);
  }

  /** Of sums and extremes. */
  private Object combined(int at, Object cell, Object value) {
    if (cell == null) return value;
    if (value == null) return cell;
    return switch (components.get(at).kind()) {
      case SUM -> ((BigInteger) cell).add((BigInteger) value);
      case MIN -> isLess(value, cell) ? value : cell;
      default -> isLess(cell, value) ? value : cell;
    };
  }

  private static boolean isLess(Object left, Object right) {
    if (left instanceof BigInteger exact) return exact.compareTo((BigInteger) right) < 0;
    if (left instanceof Double number) return number < (Double) right;
    return (Long) left < (Long) right;
  }

  /** Adds one group to another, whose values are gone then. */
  void merge(Group into, Group from) {
    into.n += from.n;
    for (int at = 0; at < into.cells.length; at++) {
      switch (components.get(at).kind()) {
        case COUNT -> into.cells[at] = (Long) into.cells[at] + (Long) from.cells[at];
        case COUNT_DISTINCT -> mergeDifferent(into, from, at);
        default -> into.cells[at] = combined(at, into.cells[at], from.cells[at]);
      }
    }
    forget(from);
  }

  private void mergeDifferent(Group into, Group from, int at) {
    if (EXCEEDED.equals(into.cells[at])) return;
    if (EXCEEDED.equals(from.cells[at])) setDifferent(into, at, Long.MAX_VALUE);
    else setDifferent(into, at, (Long) into.cells[at] + different.move(from, into, at));
  }

  /** Removes what a group has beside its cells. */
  void forget(Group group) {
    different.remove(group);
  }

  /** What several groups are together. */
  Read read(List<Group> groups) {
    Object[] values = new Object[components.size()];
    boolean isIncomplete = false;
    for (int at = 0; at < values.length; at++) {
      ComponentPlan component = components.get(at);
      Object value = component.kind() == ComponentPlan.Kind.COUNT_DISTINCT ? differentIn(groups, at) : folded(groups, at);
      boolean fits = !EXCEEDED.equals(value) && fits(component.type(), value);
      isIncomplete |= !fits;
      if (fits) values[at] = value;
      else if (component.kind() == ComponentPlan.Kind.COUNT_DISTINCT) values[at] = (long) component.limit();
    }
    return new Read(values, isIncomplete);
  }

  private Object folded(List<Group> groups, int at) {
    boolean isCount = components.get(at).kind() == ComponentPlan.Kind.COUNT;
    Object value = isCount ? 0L : null;
    for (Group group : groups) {
      value = isCount ? (Object) ((Long) value + (Long) group.cells[at]) : combined(at, value, group.cells[at]);
    }
    return value;
  }

  private Long differentIn(List<Group> groups, int at) {
    if (groups.isEmpty()) return 0L;
    if (groups.stream().anyMatch(group -> EXCEEDED.equals(group.cells[at]))) return EXCEEDED;
    if (groups.size() == 1) return (Long) groups.get(0).cells[at];
    Set<Bytes> all = new HashSet<>();
    int limit = components.get(at).limit();
    for (Group group : groups) {
      different.visit(group, at, all::add);
      if (all.size() > limit) return EXCEEDED;
    }
    return (long) all.size();
  }

  /** Whether the type can hold a value; what it can't is null in a row, never wrapped. */
  private static boolean fits(ValueType type, Object value) {
    if (!(value instanceof BigInteger exact)) return true;
    return type.kind() == ValueType.Kind.DECIMAL
        ? exact.abs().compareTo(DECIMAL_BOUND) < 0
        : exact.bitLength() <= LONG_BITS;
  }

  void write(Group group, DataOutputStream out) throws IOException {
    out.writeLong(group.n);
    out.writeLong(group.owner);
    for (Object cell : group.cells) Values.write(out, cell);
  }

  Group read(DataInputStream in) throws IOException {
    Group group = new Group(components.size());
    group.n = in.readLong();
    group.owner = in.readLong();
    for (int at = 0; at < group.cells.length; at++) group.cells[at] = Values.read(in);
    return group;
  }
}
