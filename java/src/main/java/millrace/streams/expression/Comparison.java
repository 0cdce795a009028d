package millrace.streams.expression;

import java.math.BigInteger;

/** The comparison operators over two values of one type, neither of them null. */
enum Comparison {
  EQ,
  NE,
  LT,
  LTE,
  GT,
  GTE;

  boolean holds(Object left, Object right) {
    if (left instanceof Double a) return floats(a, (Double) right);
    int order = order(left, right);
    return switch (this) {
      case EQ -> order == 0;
      case NE -> order != 0;
      case LT -> order < 0;
      case LTE -> order <= 0;
      case GT -> order > 0;
      case GTE -> order >= 0;
    };
  }

  /** By IEEE 754, where not a number is unequal to everything: {@code Double.compare} says otherwise. */
  private boolean floats(double a, double b) {
    return switch (this) {
      case EQ -> a == b;
      case NE -> a != b;
      case LT -> a < b;
      case LTE -> a <= b;
      case GT -> a > b;
      case GTE -> a >= b;
    };
  }

  private static int order(Object left, Object right) {
    if (left instanceof BigInteger a) return a.compareTo((BigInteger) right);
    if (left instanceof Long a) return a.compareTo((Long) right);
    if (left instanceof Boolean a) return a.compareTo((Boolean) right);
    return texts((String) left, (String) right);
  }

  /** By code points, which is the order of UTF-8; {@code String.compareTo} orders UTF-16 units. */
  private static int texts(String left, String right) {
    int length = Math.min(left.length(), right.length());
    for (int at = 0; at < length; at++) {
      char a = left.charAt(at);
      char b = right.charAt(at);
      if (a != b) return rank(a) - rank(b);
    }
    return left.length() - right.length();
  }

  /** Surrogates stand for code points above U+FFFF: they come after all other units. */
  private static int rank(char unit) {
    return Character.isSurrogate(unit) ? unit + 0x10000 : unit;
  }
}
