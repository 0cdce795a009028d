package millrace.streams.runner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import millrace.streams.plan.GatePlan;
import millrace.streams.plan.StreamsPlan;
import millrace.streams.plan.TopicPlan;
import millrace.streams.records.Registry;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the roles of a process until it is closed. */
public final class Runner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);
  private static final Duration CLOSE = Duration.ofSeconds(20);
  private static final Duration REPLACE_AFTER = Duration.ofSeconds(1);
  private final List<KafkaStreams> running = new ArrayList<>();
  private final Settings settings;
  private final StreamsPlan plan;
  private final Registry registry;
  private final Counters counters;
  private final Map<String, Integer> partitions;

  /** Throws {@code IllegalStateException} where a topic that something is read from is missing. */
  public Runner(Settings settings, StreamsPlan plan, Counters counters) throws ExecutionException, InterruptedException {
    this.settings = settings;
    this.counters = counters;
    registry = new Registry(settings.registry());
    partitions = partitionsOf(settings);
    this.plan = withExistingTables(plan);
  }

  /** Throws {@code IllegalStateException}, or what the registry says, before anything has begun. */
  public void start() {
    boolean isGate = settings.has(Role.GATE) && !plan.gates().isEmpty();
    boolean isMetrics = settings.has(Role.METRICS) && !plan.topics().isEmpty();
    Outputs outputs = new Outputs(plan, isGate, isMetrics);
    require(outputs.topics());
    outputs.requireSchemas(registry);
    if (isGate) {
      start(Role.GATE, plan.gates().stream().map(GatePlan::raw), Topologies.gates(plan, registry, counters));
    }
    if (isMetrics) {
      Topology topology = Topologies.metrics(plan, partitions, settings.emitMs(), registry, counters);
      start(Role.METRICS, plan.topics().stream().map(TopicPlan::topic), topology);
    }
  }

  public List<KafkaStreams> running() {
    return List.copyOf(running);
  }

  @Override
  public void close() {
    running.forEach(streams -> streams.close(CLOSE));
  }

  private void start(Role role, Stream<String> sources, Topology topology) {
    String shape = Integer.toHexString(new TreeSet<>(sources.toList()).hashCode());
    Properties properties = StreamsProperties.of(settings, role, shape);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    streams.setUncaughtExceptionHandler(error -> {
      LOG.error("a thread of {} failed and is replaced", role.text(), error);
      LockSupport.parkNanos(REPLACE_AFTER.toNanos());
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    });
    streams.setStateListener((now, before) -> LOG.info("{} is {}", role.text(), now));
    running.add(streams);
    streams.start();
  }

  private void require(Stream<String> topics) {
    String missing = topics.filter(topic -> !partitions.containsKey(topic)).sorted().collect(Collectors.joining(", "));
    if (!missing.isEmpty()) throw new IllegalStateException("make these topics first: " + missing);
  }

  /** A table whose source writes to its clean topic has no raw one. */
  private StreamsPlan withExistingTables(StreamsPlan plan) {
    List<GatePlan> gates =
        plan.gates().stream().filter(gate -> gate.identity() != null || partitions.containsKey(gate.raw())).toList();
    return new StreamsPlan(plan.format(), plan.name(), plan.slackMs(), gates, plan.topics());
  }

  private static Map<String, Integer> partitionsOf(Settings settings) throws ExecutionException, InterruptedException {
    Properties properties = new Properties();
    properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrap());
    if (settings.kafka() != null) properties.putAll(settings.kafka());
    try (Admin admin = Admin.create(properties)) {
      Map<String, TopicDescription> topics =
          admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get();
      return topics.values().stream()
          .collect(Collectors.toUnmodifiableMap(TopicDescription::name, topic -> topic.partitions().size()));
    }
  }
}
