import { MillraceError } from "../../../core/errors.ts";
import { parseDecimal } from "../../../core/decimal.ts";
import {
  lookupColumn,
  typeOf,
  type Comparison,
  type Expression,
  type FieldExpression,
  type LiteralExpression,
} from "../../plan/expression.ts";
import type { ValueType } from "../../schema/field-type.ts";
import type { Layout } from "../../schema/layout.ts";
import { expressionId } from "./expression-id.ts";

/** A field of something else than the row: a joined table. The value of the current row. */
export type OutsideField = (field: FieldExpression) => (() => unknown) | undefined;

export interface ExpressionCodeOptions {
  readonly outside?: OutsideField;
  /** What a field without a column is: an error (default), or null, as in rows of older layouts. */
  readonly absent?: "refuse" | "null";
}

/**
 * Writes expressions as JavaScript functions without parameters, one a subexpression, each once.
 * `null` is SQL's null; comparisons and logic give `true`, `false` or `null`. Numbers are exact:
 * integers and decimals are bigints, their scales aligned in the code; nothing is bounded here, so
 * nothing wraps (a sum that doesn't fit is found where it is stored).
 */
export class ExpressionCode {
  readonly #layout: Layout;
  readonly #outside: OutsideField;
  readonly #absent: "refuse" | "null";
  readonly #functions: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #columns = new Set<number>();
  readonly #texts = new Set<number>();
  readonly #outsideGetters: (() => unknown)[] = [];

  constructor(layout: Layout, options: ExpressionCodeOptions = {}) {
    this.#layout = layout;
    this.#outside = options.outside ?? (() => undefined);
    this.#absent = options.absent ?? "refuse";
  }

  /** Indices of the columns that the functions read, by the layout. */
  get columns(): ReadonlySet<number> {
    return this.#columns;
  }
  /** Those of them that are read through a `TextCache`. */
  get texts(): ReadonlySet<number> {
    return this.#texts;
  }
  /** What `outside[i]()` calls. */
  get outsideGetters(): readonly (() => unknown)[] {
    return this.#outsideGetters;
  }
  get functions(): string {
    return this.#functions.join("\n");
  }

  /** Call of the function that gives the expression's value, such as `e3()`. */
  value(expression: Expression): string {
    if (expression.kind === "field") return this.#field(expression);
    if (expression.kind === "exists") {
      return this.#column(lookupColumn(expression), expression);
    }
    if (expression.kind === "literal") return literalCode(expression);
    return this.#named(expressionId(expression), () => this.#body(expression));
  }

  /** Call that gives the `CachedText` of a text expression, or null; undefined where it can't. */
  cachedText(expression: Expression): string | undefined {
    if (expression.kind === "coalesce") {
      const args = expression.args.map((arg) => this.cachedText(arg));
      if (args.some((arg) => arg === undefined)) return undefined;
      return this.#named(`text ${expressionId(expression)}`, () => coalesceBody(args as string[]));
    }
    if (expression.kind !== "field") return undefined;
    const index = this.#layout.columns.findIndex((column) => column.name === expression.path);
    if (index === -1 || this.#layout.columns[index]!.codec !== "string") return undefined;
    this.#field(expression);
    return `t${index}()`;
  }

  /** Call of the function that gives the `GroupKey` of a group, made once a row. */
  key(dimensions: readonly Expression[]): string {
    const id = `key ${dimensions.map(expressionId).join()}`;
    const known = this.#names.get(id);
    if (known !== undefined) return `${known}()`;
    const code = this.#groupKey(dimensions);
    const name = `e${this.#names.size}`;
    this.#names.set(id, name);
    this.#functions.push(
      `let ${name}v = null, ${name}m = -1;`,
      `function ${name}() { if (${name}m === row) return ${name}v; ${name}m = row; return ${name}v = ${code}; }`,
    );
    return `${name}()`;
  }

  #groupKey(dimensions: readonly Expression[]): string {
    const [only] = dimensions;
    if (only === undefined) return this.#constantKey("[]");
    const cached = dimensions.length === 1 ? this.cachedText(only) : undefined;
    if (cached !== undefined) {
      const none = this.#constantKey("[null]");
      return this.#named(
        `group ${expressionId(only)}`,
        () => `const t = ${cached}; return t === null ? ${none} : t.key === "" ? groupOf(t) : t;`,
      );
    }
    return `groups.of("[" + ${dimensions.map((each) => this.#keyPart(each)).join(' + "," + ')} + "]")`;
  }

  /** The name of a constant with a group's key. */
  #constantKey(text: string): string {
    const id = `constant ${text}`;
    const name = this.#names.get(id) ?? `e${this.#names.size}`;
    if (!this.#names.has(id)) {
      this.#names.set(id, name);
      this.#functions.push(`const ${name} = new GroupKey(${JSON.stringify(text)});`);
    }
    return name;
  }

  #keyPart(expression: Expression): string {
    const cached = this.cachedText(expression);
    if (cached !== undefined) {
      return this.#named(
        `quoted ${expressionId(expression)}`,
        () => `const t = ${cached}; return t === null ? "null" : quotedOf(t);`,
      );
    }
    return `keyPart(${JSON.stringify(typeOf(expression).type)}, ${this.value(expression)})`;
  }

  #field(field: FieldExpression): string {
    const getter = this.#outside(field);
    if (getter === undefined) return this.#column(field.path, field);
    this.#outsideGetters.push(getter);
    return `outside[${this.#outsideGetters.length - 1}]()`;
  }

  #column(name: string, expression: Expression): string {
    const index = this.#layout.columns.findIndex((column) => column.name === name);
    if (index === -1 && this.#absent === "null") return "null";
    if (index === -1) {
      throw new MillraceError("DEFINITION_INVALID", `the rows have no column ${name}`, {
        field: expression.kind === "field" ? `${expression.source}.${name}` : name,
      });
    }
    this.#columns.add(index);
    const { codec, valueType } = this.#layout.columns[index]!;
    if (codec === "string") this.#texts.add(index);
    const places = scaleOf(typeOf(expression).type) - scaleOf(valueType);
    if (places <= 0) return `c${index}()`;
    // an older layout had fewer places
    return this.#named(
      `scaled ${index} ${places}`,
      () => `const a = c${index}(); return a === null ? null : a * ${10n ** BigInt(places)}n;`,
    );
  }

  #named(id: string, body: () => string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return `${known}()`;
    const code = body(); // first: what is below comes before
    const name = `e${this.#names.size}`;
    this.#names.set(id, name);
    this.#functions.push(`function ${name}() { ${code} }`);
    return `${name}()`;
  }

  #body(expression: Expression): string {
    switch (expression.kind) {
      case "compare":
        return this.#compare(expression.op, expression.left, expression.right);
      case "in":
        return this.#in(expression.value, expression.options);
      case "isNull":
        return `return ${this.value(expression.value)} === null;`;
      case "not":
        return `const a = ${this.value(expression.arg)}; return a === null ? null : !a;`;
      case "and":
        return this.#logic(expression.args, false);
      case "or":
        return this.#logic(expression.args, true);
      case "coalesce":
        return this.#coalesce(expression.args);
      case "arithmetic":
        return this.#arithmetic(expression.op, expression.left, expression.right);
      case "call":
        throw unsupported(
          `${expression.fn}()`,
          "make it a derived field: it is stored at the door",
        );
      case "minutesBetween":
      case "day":
        throw unsupported(`${expression.kind}()`, "use it in a model");
      default:
        throw unsupported(expression.kind, "this is a defect");
    }
  }

  /** One that decides ends it; else one null makes it null. */
  #logic(args: readonly Expression[], decides: boolean): string {
    const steps = args.map(
      (arg) =>
        `v = ${this.value(arg)}; if (v === ${decides}) return ${decides}; if (v === null) r = null;`,
    );
    return `let v, r = ${!decides}; ${steps.join(" ")} return r;`;
  }

  #coalesce(args: readonly Expression[]): string {
    const first = typeOf(args[0]!).type;
    const type = commonType(args.map((arg) => typeOf(arg).type));
    if (type.kind !== first.kind || (type.kind === "decimal" && type.scale !== scaleOf(first))) {
      throw new MillraceError(
        "DEFINITION_INVALID",
        "the first value of `or` can't hold the others exactly",
        { hint: "begin with the value that has the most places after the point" },
      );
    }
    return coalesceBody(args.map((arg) => this.#aligned(arg, type)));
  }

  #compare(op: Comparison, left: Expression, right: Expression): string {
    const type = commonType([typeOf(left).type, typeOf(right).type]);
    const same = op === "eq" || op === "ne" ? this.#isText(left, right) : undefined;
    if (same !== undefined) {
      const no = op === "ne" ? "!" : "";
      return `return p${same.index} < 0 ? null : ${no}(${same.code});`;
    }
    const sides = `const a = ${this.#aligned(left, type)}; if (a === null) return null; const b = ${this.#aligned(right, type)}; if (b === null) return null;`;
    if (op === "eq") return `${sides} return a === b;`;
    if (op === "ne") return `${sides} return a !== b;`;
    const sign = { lt: "<", lte: "<=", gt: ">", gte: ">=" }[op];
    if (type.kind === "string") return `${sides} return compareTexts(a, b) ${sign} 0;`;
    return `${sides} return a ${sign} b;`;
  }

  #in(value: Expression, options: readonly LiteralExpression[]): string {
    const texts = options.map((option) => this.#isText(value, option));
    const [first] = texts;
    if (first !== undefined && texts.every((each) => each !== undefined)) {
      const tests = texts.map((each) => `(${each.code})`);
      return `return p${first.index} < 0 ? null : ${tests.join(" || ")};`;
    }
    const type = commonType([typeOf(value), ...options].map((each) => each.type));
    const tests = options.map((option) => `a === ${this.#aligned(option, type)}`);
    return `const a = ${this.#aligned(value, type)}; return a === null ? null : ${tests.join(" || ") || "false"};`;
  }

  /**
   * Whether a text column's bytes are those of a constant: the text needn't be decoded. Undefined
   * where it isn't such a comparison, or where other bytes may decode to the same text.
   */
  #isText(
    value: Expression,
    constant: Expression,
  ): { readonly index: number; readonly code: string } | undefined {
    if (constant.kind !== "literal" || constant.type.kind !== "string") return undefined;
    if (value.kind !== "field" || this.#outside(value) !== undefined) return undefined;
    const index = this.#layout.columns.findIndex((column) => column.name === value.path);
    if (index === -1 || this.#layout.columns[index]!.codec !== "string") return undefined;
    const text = String(constant.value);
    if (!text.isWellFormed() || text.includes("\ufffd")) return undefined;
    this.#columns.add(index);
    this.#texts.add(index);
    return { index, code: bytesCode(new TextEncoder().encode(text), index) };
  }

  #arithmetic(op: "add" | "subtract" | "multiply", left: Expression, right: Expression): string {
    const sign = { add: "+", subtract: "-", multiply: "*" }[op];
    const result = typeOf({ kind: "arithmetic", op, left, right }).type;
    const side = (each: Expression): string => {
      if (op !== "multiply") return this.#aligned(each, result);
      return result.kind === "float" ? this.#aligned(each, result) : this.value(each);
    };
    return `const a = ${side(left)}; if (a === null) return null; const b = ${side(right)}; return b === null ? null : a ${sign} b;`;
  }

  /** The value brought to a common type: the scale of a decimal, or a float. */
  #aligned(expression: Expression, to: ValueType): string {
    const from = typeOf(expression).type;
    if (expression.kind === "literal") return literalCode(expression, to);
    const value = this.value(expression);
    const id = `as ${JSON.stringify(to)} ${expressionId(expression)}`;
    if (to.kind === "float" && from.kind !== "float") {
      const scale = scaleOf(from);
      return this.#named(
        id,
        () => `const a = ${value}; return a === null ? null : toFloat(a, ${scale});`,
      );
    }
    if (to.kind !== "decimal") return value;
    const places = to.scale - scaleOf(from);
    if (places === 0) return value;
    return this.#named(
      id,
      () => `const a = ${value}; return a === null ? null : a * ${10n ** BigInt(places)}n;`,
    );
  }
}

/** Code that says whether the text of column `index` has these bytes. */
function bytesCode(bytes: Uint8Array, index: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tests = [`n${index} === ${bytes.length}`];
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    tests.push(`view.getInt32(p${index} + ${at}, true) === ${view.getInt32(at, true)}`);
  }
  for (; at < bytes.length; at++) tests.push(`bytes[p${index} + ${at}] === ${bytes[at]}`);
  return tests.join(" && ");
}

const coalesceBody = (values: readonly string[]): string =>
  `let v; ${values
    .slice(0, -1)
    .map((value) => `v = ${value}; if (v !== null) return v;`)
    .join(" ")} return ${values.at(-1) ?? "null"};`;

const scaleOf = (type: ValueType): number => (type.kind === "decimal" ? type.scale : 0);

/** The type that values are brought to before they are held against each other. */
function commonType(types: readonly ValueType[]): ValueType {
  if (types.some((type) => type.kind === "float")) return { kind: "float" };
  const scales = types.map((type) => (type.kind === "decimal" ? type.scale : -1));
  const scale = Math.max(...scales);
  return scale >= 0 ? { kind: "decimal", precision: 38, scale } : types[0]!;
}

/** A constant as code, brought to `to`. */
function literalCode({ type, value }: LiteralExpression, to: ValueType = type): string {
  if (type.kind === "string") return JSON.stringify(String(value));
  if (type.kind === "boolean") return String(value === true);
  if (type.kind === "timestamp" || to.kind === "float") return `(${Number(value)})`;
  const unscaled = parseDecimal(String(value), scaleOf(to));
  if (unscaled === undefined) {
    throw new MillraceError("DEFINITION_INVALID", `${String(value)} isn't an exact number`);
  }
  return `(${unscaled}n)`;
}

const unsupported = (what: string, hint: string): MillraceError =>
  new MillraceError("UNSUPPORTED_BY_ENGINE", `${what} can't be evaluated over single events`, {
    hint,
  });
