package millrace.streams.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * An anomaly over a metric's closed rows.
 *
 * @param meaning part of its alerts' ids
 * @param components places of the measure's components: one, or numerator and denominator
 */
public record AnomalyPlan(
    String name,
    String meaning,
    String alerts,
    JsonNode avro,
    String metric,
    String measure,
    List<Integer> components,
    int history,
    double threshold,
    double floor,
    int warmUp) {}
