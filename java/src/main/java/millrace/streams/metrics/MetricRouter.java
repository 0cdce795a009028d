package millrace.streams.metrics;

import java.util.List;
import millrace.streams.expression.Expression;
import millrace.streams.expression.ExpressionCompiler;
import millrace.streams.plan.ComponentPlan;
import millrace.streams.plan.MetricPlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.plan.ValueType;

/** What one metric takes of the rows of its topic. */
final class MetricRouter {
  private static final Object[] NOTHING = {};

  private final MetricPlan plan;
  private final int id;
  private final boolean isSession;
  private final Grid grid;
  private final Expression where;
  private final List<ValueType> types;
  private final Expression[] dimensions;
  private final Component[] components;

  /** None of {@code value}: the component counts rows. */
  private record Component(Expression where, Expression value) {}

  MetricRouter(MetricPlan plan) {
    this.plan = plan;
    id = plan.id();
    isSession = plan.window().kind().equals("session");
    grid = new Grid(plan.window());
    where = ExpressionCompiler.condition(plan.where());
    types = plan.by().stream().map(MetricPlan.Dimension::type).toList();
    dimensions =
        plan.by().stream().map(each -> ExpressionCompiler.compile(each.value())).toArray(Expression[]::new);
    components = plan.components().stream().map(MetricRouter::component).toArray(Component[]::new);
  }

  private static Component component(ComponentPlan plan) {
    Expression value = plan.kind() == ComponentPlan.Kind.COUNT ? null : ExpressionCompiler.compile(plan.value());
    return new Component(ExpressionCompiler.condition(plan.where()), value);
  }

  /** The canonical key of a row's group. */
  String keyOf(Object[] row) {
    Object[] values = new Object[dimensions.length];
    for (int at = 0; at < values.length; at++) values[at] = dimensions[at].of(row);
    return CanonicalKey.of(types, values);
  }

  /**
   * What the aggregators need of a row; null where the metric takes nothing of it.
   *
   * @param isEligible it came by the stream and in order: on time if, beside that, it wasn't received too late
   */
  Shuffled.Event take(Object[] row, boolean isEligible) {
    if (!where.takes(row)) return null;
    long time = (Long) row[StreamsPlan.TIME];
    long receivedAt = (Long) row[StreamsPlan.RECEIVED_AT];
    boolean isOnTime = isEligible && receivedAt <= time + plan.graceMs();
    if (!concernsWindow(time, receivedAt, isOnTime)) return null;
    return new Shuffled.Event(id, time, receivedAt, isOnTime, isOnTime ? valuesOf(row) : NOTHING);
  }

  /** Not between windows, and, if late, not so late that no row can tell of it. */
  private boolean concernsWindow(long time, long receivedAt, boolean isOnTime) {
    if (isSession) return true;
    long lastEnd = grid.lastEnd(time);
    return lastEnd > time && (isOnTime || receivedAt <= lastEnd + plan.graceMs());
  }

  private Object[] valuesOf(Object[] row) {
    Object[] values = new Object[components.length];
    for (int at = 0; at < values.length; at++) {
      Component component = components[at];
      if (!component.where.takes(row)) continue;
      values[at] = component.value == null ? Boolean.TRUE : component.value.of(row);
    }
    return values;
  }
}
