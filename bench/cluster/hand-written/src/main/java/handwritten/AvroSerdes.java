package handwritten;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Generic records in Confluent's framing: a zero byte, the schema's id, the record. */
final class AvroSerdes {
  private static final int FRAME_BYTES = 5;

  private AvroSerdes() {}

  /** Reads only what a schema asks for, whichever schema it was written with. */
  static Serde<GenericRecord> reading(SchemaRegistry registry, Schema wanted) {
    return Serdes.serdeFrom(
        (topic, value) -> {
          throw new UnsupportedOperationException("the input is only read");
        },
        new Reader(registry, wanted));
  }

  /** Writes records of a registered schema. */
  static Serde<GenericRecord> writing(SchemaRegistry.Registered schema) {
    return Serdes.serdeFrom(new Writer(schema.schema(), schema.id()), (topic, bytes) -> {
      throw new UnsupportedOperationException("the output is only written");
    });
  }

  /** Records of one schema that stay within the application. */
  static Serde<GenericRecord> internal(Schema schema) {
    GenericDatumReader<GenericRecord> reader = new GenericDatumReader<>(schema);
    return Serdes.serdeFrom(new Writer(schema, 0), (topic, bytes) -> {
      if (bytes == null) return null;
      return decoded(reader, bytes);
    });
  }

  private static GenericRecord decoded(GenericDatumReader<GenericRecord> reader, byte[] bytes) {
    try {
      BinaryDecoder in = DecoderFactory.get().binaryDecoder(bytes, FRAME_BYTES, bytes.length - FRAME_BYTES, null);
      return reader.read(null, in);
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
  }

  private static final class Reader implements Deserializer<GenericRecord> {
    private final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
    private final SchemaRegistry registry;
    private final Schema wanted;

    Reader(SchemaRegistry registry, Schema wanted) {
      this.registry = registry;
      this.wanted = wanted;
    }

    @Override
    public GenericRecord deserialize(String topic, byte[] bytes) {
      if (bytes == null) return null;
      int id = ByteBuffer.wrap(bytes, 1, 4).getInt();
      return decoded(readers.computeIfAbsent(id, each -> new GenericDatumReader<>(registry.byId(each), wanted)), bytes);
    }
  }

  private static final class Writer implements Serializer<GenericRecord> {
    private final GenericDatumWriter<GenericRecord> writer;
    private final int id;

    Writer(Schema schema, int id) {
      writer = new GenericDatumWriter<>(schema);
      this.id = id;
    }

    @Override
    public byte[] serialize(String topic, GenericRecord value) {
      if (value == null) return null;
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
      bytes.writeBytes(ByteBuffer.allocate(FRAME_BYTES).put((byte) 0).putInt(id).array());
      BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
      try {
        writer.write(value, encoder);
        encoder.flush();
      } catch (IOException cause) {
        throw new UncheckedIOException(cause);
      }
      return bytes.toByteArray();
    }
  }
}
