package millrace.streams.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;

/**
 * One stored component of a measure.
 *
 * @param limit of different values that are counted exactly
 */
public record ComponentPlan(Kind kind, ValueType type, JsonNode where, JsonNode value, int limit) {
  public enum Kind {
    COUNT,
    SUM,
    MIN,
    MAX,
    COUNT_DISTINCT;

    @JsonCreator
    static Kind of(String name) {
      return name.equals("countDistinct") ? COUNT_DISTINCT : valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }
  }
}
