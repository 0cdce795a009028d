package millrace.streams.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One metric.
 *
 * @param meaning eight hexadecimal digits: what its state is kept under
 * @param rows the topic of its rows
 * @param emit {@code change} or {@code close}
 */
public record MetricPlan(
    String name,
    String meaning,
    String rows,
    JsonNode avro,
    JsonNode where,
    List<Dimension> by,
    Window window,
    long graceMs,
    String emit,
    List<ComponentPlan> components,
    List<AnomalyPlan> anomalies) {

  public record Dimension(ValueType type, JsonNode value) {}

  /**
   * How time is cut: {@code panes} has the first three, {@code session} the gap.
   *
   * @param paneMs width of the panes that every window is whole panes of
   */
  public record Window(String kind, long sizeMs, long everyMs, long paneMs, long gapMs) {}

  public boolean emitsChanges() {
    return emit.equals("change");
  }

  /** What stands before the metric's entries in a store. */
  public int id() {
    return Integer.parseUnsignedInt(meaning, 16);
  }
}
