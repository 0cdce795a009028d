package millrace.streams.gate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import millrace.streams.plan.GatePlan;
import org.apache.kafka.common.utils.Bytes;

/**
 * Identities of a topic's events: 128 bits of the SHA-256 of (key, id). The key's length stands before it, so no two
 * pairs give one message.
 */
final class Identity {
  private static final int BYTES = 16;
  private final int id;
  private final List<Integer> key;
  private final MessageDigest digest;

  Identity(GatePlan.Identity plan) {
    id = plan.id();
    key = plan.key();
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException cause) {
      throw new AssertionError("every Java has SHA-256", cause);
    }
  }

  Bytes of(Object[] row) {
    byte[] keyText = textOf(keyOf(row));
    digest.update(ByteBuffer.allocate(4).putInt(keyText.length).array());
    digest.update(keyText);
    return Bytes.wrap(Arrays.copyOf(digest.digest(textOf(row[id])), BYTES));
  }

  private Object keyOf(Object[] row) {
    for (int at : key) {
      if (row[at] != null) return row[at];
    }
    return "";
  }

  private static byte[] textOf(Object value) {
    return value.toString().getBytes(StandardCharsets.UTF_8);
  }
}
