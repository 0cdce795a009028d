package millrace.streams.plan;

import java.util.List;

/**
 * A topic that is made clean from its raw one. Without an identity every record passes.
 *
 * @param streams the topics that are made of the clean records
 */
public record GatePlan(
    String raw, String topic, List<ColumnPlan> columns, Identity identity, List<MadeStreamPlan> streams) {

  /**
   * What identifies an event: places of its id and of its key's fields, of which the first that isn't null counts.
   *
   * @param horizonMs how long an id is remembered
   */
  public record Identity(int id, List<Integer> key, long horizonMs) {}
}
