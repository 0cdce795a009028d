package millrace.streams.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * A topic that the gate makes of clean records by filter and select.
 *
 * @param time the field in which a heartbeat has its time
 */
public record MadeStreamPlan(String topic, JsonNode avro, JsonNode where, List<Field> fields, String time) {
  /** One field of its records. */
  public record Field(String name, ValueType type, JsonNode value) {}
}
