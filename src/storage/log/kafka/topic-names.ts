/** What the topics of one definition are called on Kafka; `docs/specs/cluster-topics.md`. */
export interface TopicNames {
  readonly raw: (topic: string) => string;
  readonly clean: (topic: string) => string;
  readonly quarantine: (topic: string) => string;
  readonly rows: (metric: string) => string;
  readonly alerts: (anomaly: string) => string;
  /** Counts of what the collectors refused. */
  readonly ledger: string;
  /** Requests to the batch role, and its answers. */
  readonly batch: string;
  /** What was deployed to Flink. */
  readonly jobs: string;
  /** How far events of another pipeline were brought. */
  readonly mirror: string;
  /** Begins what Kafka Streams makes: groups, internal topics. */
  readonly streams: string;
}

/** Names behind a project's prefix, which may be empty. */
export function topicNames(prefix: string): TopicNames {
  const named = (name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
  return {
    raw: (topic) => `${named(topic)}.raw`,
    clean: named,
    quarantine: (topic) => `${named(topic)}.quarantine`,
    rows: (metric) => `${named(metric)}.rows`,
    alerts: (anomaly) => `${named(anomaly)}.alerts`,
    ledger: named("millrace.ledger"),
    batch: named("millrace.batch"),
    jobs: named("millrace.jobs"),
    mirror: named("millrace.mirror"),
    streams: named("millrace.streams"),
  };
}
