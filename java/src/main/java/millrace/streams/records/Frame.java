package millrace.streams.records;

import java.nio.ByteBuffer;

/** How a value on Kafka begins: a zero byte, then its schema's id in four. */
public final class Frame {
  static final int BYTES = 5;

  private Frame() {}

  /** The id of a value's schema; -1 where it isn't framed. */
  static int schemaId(byte[] value) {
    return value.length < BYTES || value[0] != 0 ? -1 : ByteBuffer.wrap(value, 1, 4).getInt();
  }

  static byte[] framed(int schemaId, byte[] record) {
    return ByteBuffer.allocate(BYTES + record.length).put((byte) 0).putInt(schemaId).put(record).array();
  }
}
