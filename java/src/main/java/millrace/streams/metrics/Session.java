package millrace.streams.metrics;

/** Events of one key with no distance above the gap between neighbours. */
final class Session {
  /** Times of the first and the last event. */
  long start;

  long last;
  final Group group;

  /** Its row is out under this start. */
  boolean isOut;

  /** Changed since its row was last emitted. */
  boolean isChanged = true;

  Session(long start, long last, Group group) {
    this.start = start;
    this.last = last;
    this.group = group;
  }

  /** Whether an event at this time would belong to it. */
  boolean touches(long time, long gapMs) {
    return time >= start - gapMs && time <= last + gapMs;
  }
}
