package millrace.streams.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where and how a runner runs: a JSON file.
 *
 * @param plan the file that {@code millrace compile --to kafka-streams} wrote
 * @param application begins the names of groups, internal topics and transactions: the same in every process
 * @param instance unique among the processes of an application, the same after a restart
 * @param bootstrap {@code host:port} of brokers, with commas between them
 * @param registry the root of the registry's Confluent API
 * @param state a folder of this instance's own
 * @param roles {@code gate}, {@code metrics} or both with a comma
 * @param threads of each role
 * @param emitMs how often changed rows are emitted, and at most what a transaction lasts
 * @param httpPort of 127.0.0.1 for {@code /metrics} and {@code /health}; 0: a free one
 * @param endsWithInput whether to end when the standard input does: with the process that holds its other end
 * @param kafka further properties of Kafka's clients: TLS, SASL
 */
public record Settings(
    String plan,
    String application,
    String instance,
    String bootstrap,
    String registry,
    String state,
    String roles,
    int threads,
    long emitMs,
    int httpPort,
    boolean endsWithInput,
    Map<String, String> kafka) {

  public static Settings read(Path file) throws IOException {
    return new ObjectMapper().readValue(file.toFile(), Settings.class);
  }

  public boolean has(Role role) {
    for (String each : roles.split(",")) {
      if (each.equals(role.text())) return true;
    }
    return false;
  }
}
