package millrace.streams.runner;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;

/** {@code /metrics} for Prometheus, and {@code /health}: 200 while every role runs. */
final class MetricsPage implements AutoCloseable {
  /** What is shown of Kafka's own metrics, as {@code group/name}. */
  private static final Set<String> SHOWN =
      Set.of(
          "consumer-fetch-manager-metrics/records-lag",
          "consumer-fetch-manager-metrics/records-lag-max",
          "stream-thread-metrics/process-total",
          "stream-thread-metrics/commit-total",
          "stream-thread-metrics/commit-latency-avg",
          "stream-thread-metrics/commit-latency-max",
          "stream-thread-metrics/punctuate-latency-max",
          "stream-task-metrics/dropped-records-total",
          "stream-metrics/failed-stream-threads");

  private final HttpServer server;
  private final List<KafkaStreams> running;
  private final Counters counters;

  MetricsPage(int port, List<KafkaStreams> running, Counters counters) throws IOException {
    this.running = running;
    this.counters = counters;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/metrics", exchange -> answer(exchange, 200, metrics()));
    server.createContext("/health", exchange -> answer(exchange, isHealthy() ? 200 : 503, states()));
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private boolean isHealthy() {
    return running.stream().allMatch(streams -> streams.state() == KafkaStreams.State.RUNNING);
  }

  private String states() {
    return running.stream().map(streams -> streams.state() + "\n").collect(Collectors.joining());
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    exchange.sendResponseHeaders(status, body.length);
    try (exchange) {
      exchange.getResponseBody().write(body);
    }
  }

  private String metrics() {
    Map<String, Double> lines = new TreeMap<>();
    counters.snapshot().forEach((id, count) -> lines.put("millrace_streams_" + id, count.doubleValue()));
    for (KafkaStreams streams : running) streams.metrics().forEach((name, metric) -> add(lines, name, metric));
    StringBuilder text = new StringBuilder();
    String last = "";
    for (Map.Entry<String, Double> line : lines.entrySet()) {
      String name = line.getKey().replaceFirst("\\{.*", "");
      if (!name.equals(last)) {
        text.append("# TYPE ").append(name).append(name.endsWith("_total") ? " counter\n" : " gauge\n");
      }
      last = name;
      text.append(line.getKey()).append(' ').append(line.getValue()).append('\n');
    }
    return text.toString();
  }

  private static void add(Map<String, Double> lines, MetricName name, Metric metric) {
    if (!SHOWN.contains(name.group() + "/" + name.name())) return;
    if (!(metric.metricValue() instanceof Double value) || value.isNaN()) return;
    String labels =
        new TreeMap<>(name.tags())
            .entrySet().stream()
                .map(tag -> tag.getKey().replace('-', '_') + "=\"" + tag.getValue() + "\"")
                .collect(Collectors.joining(",", "{", "}"));
    lines.put("kafka_" + (name.group() + "_" + name.name()).replace('-', '_') + labels, value);
  }
}
