package millrace.streams.plan;

import com.fasterxml.jackson.annotation.JsonCreator;

/**
 * The type of a value, and what stands for it here: a text is a {@code String}, integers and decimals are {@code
 * BigInteger} (whole numbers of the last place), a float is a {@code Double}, a time is a {@code Long} of milliseconds, a
 * boolean a {@code Boolean}; SQL's null is null.
 */
public record ValueType(Kind kind, int precision, int scale) {
  public enum Kind {
    STRING,
    INTEGER,
    DECIMAL,
    FLOAT,
    BOOLEAN,
    TIMESTAMP;

    @JsonCreator
    static Kind of(String name) {
      return valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }
  }
}
