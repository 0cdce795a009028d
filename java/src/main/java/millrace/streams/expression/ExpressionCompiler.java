package millrace.streams.expression;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes closures of a plan's lowered expressions, once. Numbers are exact and unbounded: whether a result fits is asked
 * where it is stored.
 */
public final class ExpressionCompiler {
  private ExpressionCompiler() {}

  /** The condition of a node; none takes every row. */
  public static Expression condition(JsonNode node) {
    return node == null || node.isNull() ? row -> Boolean.TRUE : compile(node);
  }

  public static Expression compile(JsonNode node) {
    String op = node.get("op").asText();
    return switch (op) {
      case "column" -> column(node.get("at").asInt());
      case "constant" -> constant(node);
      case "rescale" -> rescale(compile(node.get("of")), node.get("places").asInt());
      case "toFloat" -> toFloat(compile(node.get("of")), node.get("scale").asInt());
      case "compare" -> compare(node);
      case "in" -> in(compile(node.get("of")), all(node.get("options")));
      case "isNull" -> isNull(compile(node.get("of")));
      case "not" -> not(compile(node.get("of")));
      case "and" -> logic(all(node.get("args")), Boolean.FALSE);
      case "or" -> logic(all(node.get("args")), Boolean.TRUE);
      case "coalesce" -> coalesce(all(node.get("args")));
      case "add", "subtract", "multiply" -> arithmetic(op, compile(node.get("left")), compile(node.get("right")));
      default -> throw new IllegalArgumentException("no expression: " + op);
    };
  }

  private static Expression[] all(JsonNode nodes) {
    List<Expression> made = new ArrayList<>();
    nodes.forEach(node -> made.add(compile(node)));
    return made.toArray(Expression[]::new);
  }

  private static Expression column(int at) {
    return row -> row[at];
  }

  private static Expression constant(JsonNode node) {
    JsonNode value = node.get("value");
    Object constant =
        switch (node.get("kind").asText()) {
          case "text" -> value.asText();
          case "exact" -> new BigInteger(value.asText());
          case "float" -> value.asDouble();
          case "time" -> value.asLong();
          default -> value.asBoolean();
        };
    return row -> constant;
  }

  private static Expression rescale(Expression of, int places) {
    BigInteger factor = BigInteger.TEN.pow(places);
    return row -> of.of(row) instanceof BigInteger value ? value.multiply(factor) : null;
  }

  private static Expression toFloat(Expression of, int scale) {
    return row -> of.of(row) instanceof BigInteger value ? new BigDecimal(value, scale).doubleValue() : null;
  }

  private static Expression compare(JsonNode node) {
    Comparison how = Comparison.valueOf(node.get("how").asText().toUpperCase(java.util.Locale.ROOT));
    Expression left = compile(node.get("left"));
    Expression right = compile(node.get("right"));
    return row -> {
      Object a = left.of(row);
      if (a == null) return null;
      Object b = right.of(row);
      return b == null ? null : how.holds(a, b);
    };
  }

  private static Expression in(Expression of, Expression[] options) {
    return row -> {
      Object value = of.of(row);
      if (value == null) return null;
      for (Expression option : options) {
        if (Comparison.EQ.holds(value, option.of(row))) return true;
      }
      return false;
    };
  }

  private static Expression isNull(Expression of) {
    return row -> of.of(row) == null;
  }

  private static Expression not(Expression of) {
    return row -> of.of(row) instanceof Boolean value ? !value : null;
  }

  /** One that decides ends it; else one null makes it null. */
  private static Expression logic(Expression[] args, Boolean decides) {
    Boolean otherwise = !decides;
    return row -> {
      Boolean result = otherwise;
      for (Expression arg : args) {
        Object value = arg.of(row);
        if (decides.equals(value)) return decides;
        if (value == null) result = null;
      }
      return result;
    };
  }

  private static Expression coalesce(Expression[] args) {
    return row -> {
      for (Expression arg : args) {
        Object value = arg.of(row);
        if (value != null) return value;
      }
      return null;
    };
  }

  private static Expression arithmetic(String op, Expression left, Expression right) {
    return row -> {
      Object a = left.of(row);
      if (a == null) return null;
      Object b = right.of(row);
      if (b == null) return null;
      return a instanceof Double x ? (Object) floats(op, x, (Double) b) : exact(op, (BigInteger) a, (BigInteger) b);
    };
  }

  private static BigInteger exact(String op, BigInteger a, BigInteger b) {
    return switch (op) {
      case "add" -> a.add(b);
      case "subtract" -> a.subtract(b);
      default -> a.multiply(b);
    };
  }

  private static double floats(String op, double a, double b) {
    return switch (op) {
      case "add" -> a + b;
      case "subtract" -> a - b;
      default -> a * b;
    };
  }
}
