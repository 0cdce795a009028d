package millrace.streams.records;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import millrace.streams.plan.ColumnPlan;
import millrace.streams.plan.ValueType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * Reads the columns of a topic from its records, whichever schema they were written with: a field that a record lacks is
 * null, an amount with fewer places is widened, what nobody asks for is skipped. For one thread.
 */
public final class RowReader {
  private final List<ColumnPlan> columns;
  private final Schemas schemas;
  private final Map<Integer, FieldReader> readers = new HashMap<>();
  private BinaryDecoder decoder;

  public RowReader(List<ColumnPlan> columns, Schemas schemas) {
    this.columns = columns;
    this.schemas = schemas;
  }

  /** The values of the columns, in their order. Throws {@link RegistryException} when the schema can't be had. */
  public Object[] read(byte[] value) throws UnreadableException {
    int id = Frame.schemaId(value);
    if (id < 0) throw new UnreadableException("the value isn't framed", null);
    FieldReader reader = readers.computeIfAbsent(id, each -> record(schemas.byId(each), ""));
    Object[] row = new Object[columns.size()];
    try {
      decoder = DecoderFactory.get().binaryDecoder(value, Frame.BYTES, value.length - Frame.BYTES, decoder);
      reader.read(decoder, row);
    } catch (IOException | RuntimeException cause) {
      throw new UnreadableException("the value isn't a record of schema " + id, cause);
    }
    return row;
  }

  /** Reads one field into its place, or skips it. */
  @FunctionalInterface
  private interface FieldReader {
    void read(BinaryDecoder in, Object[] row) throws IOException;
  }

  /** Reads one value. */
  @FunctionalInterface
  private interface ValueReader {
    Object read(BinaryDecoder in) throws IOException;
  }

  private FieldReader record(Schema schema, String prefix) {
    List<FieldReader> fields = new ArrayList<>();
    for (Schema.Field field : schema.getFields()) fields.add(field(field.schema(), prefix + field.name()));
    FieldReader[] all = fields.toArray(FieldReader[]::new);
    return (in, row) -> {
      for (FieldReader each : all) each.read(in, row);
    };
  }

  private FieldReader field(Schema schema, String path) {
    if (schema.getType() == Schema.Type.RECORD) return record(schema, path + ".");
    for (int at = 0; at < columns.size(); at++) {
      if (!columns.get(at).name().equals(path)) continue;
      int place = at;
      ValueReader reader = value(schema, columns.get(at).type());
      return (in, row) -> row[place] = reader.read(in);
    }
    return (in, row) -> GenericDatumReader.skip(schema, in);
  }

  private static ValueReader value(Schema schema, ValueType type) {
    return switch (schema.getType()) {
      case UNION -> {
        ValueReader[] branches =
            schema.getTypes().stream().map(each -> value(each, type)).toArray(ValueReader[]::new);
        yield in -> branches[in.readIndex()].read(in);
      }
      case NULL -> in -> null;
      case STRING -> BinaryDecoder::readString;
      case BOOLEAN -> BinaryDecoder::readBoolean;
      case DOUBLE -> BinaryDecoder::readDouble;
      case LONG -> type.kind() == ValueType.Kind.TIMESTAMP
          ? BinaryDecoder::readLong
          : in -> BigInteger.valueOf(in.readLong());
      case BYTES -> amount(schema, type);
      default -> throw new IllegalArgumentException("columns aren't of the type " + schema);
    };
  }

  private static ValueReader amount(Schema schema, ValueType type) {
    int written = schema.getLogicalType() instanceof LogicalTypes.Decimal decimal ? decimal.getScale() : type.scale();
    int places = type.scale() - written;
    if (places < 0) throw new IllegalArgumentException("an amount of " + written + " places doesn't fit " + type);
    BigInteger factor = BigInteger.TEN.pow(places);
    return in -> {
      byte[] bytes = in.readBytes(null).array();
      BigInteger value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
      return places == 0 ? value : value.multiply(factor);
    };
  }
}
