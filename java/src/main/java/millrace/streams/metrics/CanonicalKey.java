package millrace.streams.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import millrace.streams.plan.ValueType;

/**
 * The canonical text of a group, the same in every engine: a JSON array of its dimensions without spaces. Texts are escaped
 * as JavaScript's {@code JSON.stringify} escapes them, integers and times are numbers, decimals are texts with all their
 * places: {@code ["DE",null,"1.50"]}.
 */
final class CanonicalKey {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private CanonicalKey() {}

  static String of(List<ValueType> types, Object[] dimensions) {
    StringBuilder text = new StringBuilder("[");
    for (int at = 0; at < dimensions.length; at++) {
      if (at > 0) text.append(',');
      append(text, types.get(at), dimensions[at]);
    }
    return text.append(']').toString();
  }

  private static void append(StringBuilder text, ValueType type, Object value) {
    if (value instanceof String string) appendQuoted(text, string);
    else if (value instanceof BigInteger amount && type.kind() == ValueType.Kind.DECIMAL) {
      text.append('"').append(new BigDecimal(amount, type.scale()).toPlainString()).append('"');
    } else text.append(value);
  }

  /** Only quotes, backslashes, control characters and lone surrogates are escaped. */
  static void appendQuoted(StringBuilder text, String value) {
    text.append('"');
    for (int at = 0; at < value.length(); at++) {
      char unit = value.charAt(at);
      switch (unit) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\b' -> text.append("\\b");
        case '\f' -> text.append("\\f");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          boolean isPair = Character.isHighSurrogate(unit)
              && at + 1 < value.length()
              && Character.isLowSurrogate(value.charAt(at + 1));
          if (isPair) text.append(unit).append(value.charAt(++at));
          else if (unit < ' ' || Character.isSurrogate(unit)) appendEscaped(text, unit);
          else text.append(unit);
        }
      }
    }
    text.append('"');
  }

  private static void appendEscaped(StringBuilder text, char unit) {
    text.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) text.append(HEX[(unit >> shift) & 15]);
  }

  /** The dimensions of a text that {@code of} wrote. */
  static Object[] parse(List<ValueType> types, String key) {
    JsonNode parts;
    try {
      parts = JSON.readTree(key);
    } catch (IOException cause) {
      throw new UncheckedIOException(cause);
    }
    Object[] dimensions = new Object[types.size()];
    for (int at = 0; at < dimensions.length; at++) {
      JsonNode part = parts.get(at);
      if (part.isNull()) continue;
      dimensions[at] =
          switch (types.get(at).kind()) {
            case STRING -> part.textValue();
            case BOOLEAN -> part.booleanValue();
            case INTEGER -> part.bigIntegerValue();
            case DECIMAL -> new BigDecimal(part.textValue()).unscaledValue();
            default -> part.longValue();
          };
    }
    return dimensions;
  }
}
