package millrace.streams.records;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;

/** A schema registry by Confluent's REST API. What it said once it isn't asked again: schemas don't change. */
public final class Registry implements Schemas {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<Integer, Schema> byId = new ConcurrentHashMap<>();
  private final Map<String, Integer> ids = new ConcurrentHashMap<>();
  private final URI root;

  /**
   * @param url such as {@code http://127.0.0.1:8081}; a user and a password in it are sent as HTTP Basic
   */
  public Registry(String url) {
    root = URI.create(url.endsWith("/") ? url : url + "/");
  }

  @Override
  public Schema byId(int id) {
    Schema known = byId.get(id);
    if (known != null) return known;
    JsonNode answer = send("schemas/ids/" + id, null);
    Schema schema = new Schema.Parser().parse(answer.get("schema").asText());
    byId.put(id, schema);
    return schema;
  }

  @Override
  public int idOf(String topic, Schema schema) {
    String subject = topic + "-value";
    Integer known = ids.get(subject + schema);
    if (known != null) return known;
    String path = "subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8);
    int id = send(path, json.createObjectNode().put("schema", schema.toString()).toString()).get("id").asInt();
    ids.put(subject + schema, id);
    return id;
  }

  private JsonNode send(String path, String body) {
    URI uri = root.resolve(path);
    HttpRequest.Builder request = HttpRequest.newBuilder(withoutUser(uri)).timeout(TIMEOUT);
    if (root.getUserInfo() != null) {
      byte[] user = root.getUserInfo().getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(user));
    }
    if (body != null) {
      request.header("Content-Type", CONTENT_TYPE).POST(HttpRequest.BodyPublishers.ofString(body));
    }
    try {
      HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() == 200) return json.readTree(response.body());
      throw new RegistryException(withoutUser(uri) + " answered " + response.statusCode() + ": " + response.body(), null);
    } catch (IOException cause) {
      throw new RegistryException(withoutUser(uri) + " didn't answer", cause);
    } catch (InterruptedException cause) {
      Thread.currentThread().interrupt();
      throw new RegistryException(withoutUser(uri) + ": interrupted", cause);
    }
  }

  private static URI withoutUser(URI uri) {
    return uri.getUserInfo() == null ? uri : URI.create(uri.toString().replace(uri.getRawUserInfo() + "@", ""));
  }
}
