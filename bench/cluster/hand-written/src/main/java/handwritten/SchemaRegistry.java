package handwritten;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;

/** Schemas by their id, and the newest of a subject, as Confluent's client caches them. */
final class SchemaRegistry {
  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<Integer, Schema> byId = new ConcurrentHashMap<>();
  private final String url;

  /** The newest version of a subject. */
  record Registered(int id, Schema schema) {}

  SchemaRegistry(String url) {
    this.url = url;
  }

  Schema byId(int id) {
    return byId.computeIfAbsent(id, each -> parsed(get("/schemas/ids/" + each)));
  }

  Registered newest(String subject) {
    JsonNode version = get("/subjects/" + subject + "/versions/latest");
    return new Registered(version.get("id").asInt(), parsed(version));
  }

  private static Schema parsed(JsonNode answer) {
    return new Schema.Parser().parse(answer.get("schema").asText());
  }

  private JsonNode get(String path) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).build();
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) throw new IllegalStateException(path + ": " + answer.body());
      return json.readTree(answer.body());
    } catch (IOException | InterruptedException cause) {
      throw new IllegalStateException(path, cause);
    }
  }
}
