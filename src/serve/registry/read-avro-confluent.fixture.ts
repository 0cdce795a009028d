/**
 * A child process of the tests: lets ClickHouse's engine read a file of framed Avro records, with
 * schemas from a registry. Arguments: the file, the registry's address, the wanted columns.
 * Prints one JSON object per row.
 */
import { Session } from "chdb";

const [, , file = "", url = "", columns = ""] = process.argv;
const session = new Session();
try {
  const quoted = [file, "AvroConfluent", columns].map((text) => `'${text}'`).join(", ");
  process.stdout.write(
    session.query(
      `SELECT * FROM file(${quoted}) ORDER BY id SETTINGS
         format_avro_schema_registry_url = '${url}', input_format_avro_allow_missing_fields = 1`,
      "JSONEachRow",
    ),
  );
} finally {
  session.close();
}
