package millrace.streams.records;

import org.apache.avro.Schema;

/** The schemas that a registry has. */
public interface Schemas {
  /** The schema with an id. Throws {@link RegistryException} when it can't be had. */
  Schema byId(int id);

  /** The id that a schema is registered under for the values of a topic. Throws {@link RegistryException}. */
  int idOf(String topic, Schema schema);
}
