package millrace.streams.records;

import java.math.BigInteger;
import millrace.streams.plan.StreamsPlan;

/** Bits of {@code _flags}. */
public final class Flags {
  private static final int IMPORTED = 4;
  private static final int HEARTBEAT = 32;

  private Flags() {}

  public static boolean isHeartbeat(Object[] row) {
    return (of(row) & HEARTBEAT) != 0;
  }

  public static boolean isImported(Object[] row) {
    return (of(row) & IMPORTED) != 0;
  }

  private static int of(Object[] row) {
    return ((BigInteger) row[StreamsPlan.FLAGS]).intValue();
  }
}
