package handwritten;

import java.io.IOException;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/** {@code java -jar hand-written.jar METRIC APPLICATION BOOTSTRAP REGISTRY INPUT OUTPUT STATE}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    SchemaRegistry registry = new SchemaRegistry(args[3]);
    StreamsBuilder builder = new StreamsBuilder();
    switch (args[0]) {
      case "page-view-counts" -> PageViewCounts.build(builder, registry, args[4], args[5]);
      case "session-metrics" -> SessionMetrics.build(builder, registry, args[4], args[5]);
      default -> throw new IllegalArgumentException("no metric " + args[0]);
    }
    KafkaStreams streams = new KafkaStreams(builder.build(), properties(args[1], args[2], args[6]));
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    new Thread(Main::endWithInput, "input").start();
  }

  /** Not to outlive the benchmark. */
  private static void endWithInput() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException closed) {
      // That is its end, too.
    }
    System.exit(0);
  }

  private static Properties properties(String application, String bootstrap, String state) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, state);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
    properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, -1);
    properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    return properties;
  }
}
