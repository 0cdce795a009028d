package millrace.streams.runner;

import java.util.Locale;

/** What a process does: an application of Kafka Streams each. */
public enum Role {
  GATE,
  METRICS;

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
