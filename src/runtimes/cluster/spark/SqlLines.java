import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.spark.sql.SparkSession;

/**
 * A session of Spark over standard input and output; {@code spark-session.ts} is its other side. A
 * line that comes in is a text in base 64: first the settings, {@code name=value}, up to an empty
 * line; then statements. For each it answers its rows, a line of JSON each, then {@code done}; or
 * {@code failed} and Spark's words in base 64. It ends with its input.
 */
public final class SqlLines {
  private final BufferedReader lines =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private final PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  public static void main(String[] arguments) throws IOException {
    new SqlLines().run();
  }

  private void run() throws IOException {
    System.setOut(System.err);
    var builder = SparkSession.builder();
    for (var line = next(); line != null && !line.isEmpty(); line = next()) {
      var setting = line.split("=", 2);
      builder.config(setting[0], setting[1]);
    }
    try (var spark = builder.getOrCreate()) {
      answers.println("done");
      for (var sql = next(); sql != null; sql = next()) answer(spark, sql);
    }
  }

  private void answer(SparkSession spark, String sql) {
    try {
      for (var row : spark.sql(sql).toJSON().collectAsList()) answers.println(row);
      answers.println("done");
    } catch (Exception failure) {
      var words = String.valueOf(failure.getMessage()).getBytes(StandardCharsets.UTF_8);
      answers.println("failed " + Base64.getEncoder().encodeToString(words));
    }
  }

  private String next() throws IOException {
    var line = lines.readLine();
    if (line == null) return null;
    return new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
  }
}
