package millrace.streams.metrics;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** Values in this runner's own topics and stores, each with a byte before it that says what it is. */
final class Values {
  private static final int NULL = 0;
  private static final int TRUE = 1;
  private static final int FALSE = 2;
  private static final int EXACT = 3;
  private static final int FLOAT = 4;
  private static final int LONG = 5;
  private static final int TEXT = 6;

  private Values() {}

  static void write(DataOutputStream out, Object value) throws IOException {
    if (value == null) out.writeByte(NULL);
    else if (value instanceof Boolean truth) out.writeByte(truth ? TRUE : FALSE);
    else if (value instanceof BigInteger exact) writeBytes(out, EXACT, exact.toByteArray());
    else if (value instanceof String text) writeBytes(out, TEXT, text.getBytes(StandardCharsets.UTF_8));
    else if (value instanceof Double number) {
      out.writeByte(FLOAT);
      out.writeDouble(number);
    } else {
      out.writeByte(LONG);
      out.writeLong((Long) value);
    }
  }

  static Object read(DataInputStream in) throws IOException {
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case NULL -> null;
      case TRUE -> Boolean.TRUE;
      case FALSE -> Boolean.FALSE;
      case EXACT -> new BigInteger(readBytes(in));
      case FLOAT -> in.readDouble();
      case LONG -> in.readLong();
      case TEXT -> new String(readBytes(in), StandardCharsets.UTF_8);
      default -> throw new IOException("no kind of value: " + kind);
    };
  }

  private static void writeBytes(DataOutputStream out, int kind, byte[] bytes) throws IOException {
    out.writeByte(kind);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }
}
