package millrace.streams.plan;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A definition as {@code millrace compile --to kafka-streams} gives it. */
public record StreamsPlan(int format, String name, long slackMs, List<GatePlan> gates, List<TopicPlan> topics) {
  private static final int FORMAT = 1;

  /** The places at which every topic's rows have these columns. */
  public static final int RECEIVED_AT = 0;

  public static final int FLAGS = 1;
  public static final int TIME = 2;

  public static StreamsPlan read(Path file) throws IOException {
    StreamsPlan plan = new ObjectMapper().readValue(file.toFile(), StreamsPlan.class);
    if (plan.format != FORMAT) {
      throw new IOException(file + " is a plan of format " + plan.format + ", this runner reads format " + FORMAT);
    }
    return plan;
  }
}
