package millrace.streams.records;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** Writes framed records of one schema from the values of its leaves. For one thread. */
public final class RecordWriter {
  private final int schemaId;
  private final List<Leaf> leaves = new ArrayList<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);

  private record Leaf(String path, Schema schema) {}

  public RecordWriter(Schema schema, int schemaId) {
    this.schemaId = schemaId;
    addLeaves(schema, "");
  }

  private void addLeaves(Schema schema, String prefix) {
    for (Schema.Field field : schema.getFields()) {
      String path = prefix + field.name();
      if (field.schema().getType() == Schema.Type.RECORD) addLeaves(field.schema(), path + ".");
      else leaves.add(new Leaf(path, field.schema()));
    }
  }

  /** The dotted paths of the leaves, in their order. */
  public List<String> paths() {
    return leaves.stream().map(Leaf::path).toList();
  }

  /** Whether a leaf must have a value. */
  public boolean isRequired(int leaf) {
    return leaves.get(leaf).schema().getType() != Schema.Type.UNION;
  }

  /** What stands in a required leaf of a heartbeat: an empty text, 0, false. */
  public Object emptyValue(int leaf) {
    return switch (leaves.get(leaf).schema().getType()) {
      case STRING -> "";
      case BOOLEAN -> Boolean.FALSE;
      case DOUBLE -> 0.0;
      default -> BigInteger.ZERO;
    };
  }

  /** The framed record of these values, in the order of the leaves. */
  public byte[] write(Object[] values) {
    bytes.reset();
    try {
      for (int at = 0; at < values.length; at++) write(leaves.get(at).schema(), values[at]);
      encoder.flush();
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    return Frame.framed(schemaId, bytes.toByteArray());
  }

  private void write(Schema schema, Object value) throws IOException {
    switch (schema.getType()) {
      case UNION -> {
        encoder.writeIndex(value == null ? 0 : 1);
        if (value != null) write(schema.getTypes().get(1), value);
      }
      case STRING -> encoder.writeString((String) value);
      case BOOLEAN -> encoder.writeBoolean((Boolean) value);
      case DOUBLE -> encoder.writeDouble((Double) value);
      case LONG -> encoder.writeLong(((Number) value).longValue());
      case BYTES -> encoder.writeBytes(((BigInteger) value).toByteArray());
      default -> throw new IllegalArgumentException("no value of a record is of the type " + schema);
    }
  }
}
