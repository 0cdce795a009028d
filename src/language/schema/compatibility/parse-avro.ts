import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { avroDefaultFits } from "./avro-default.ts";
import type { AvroField, AvroLogical, AvroPrimitiveName, AvroType } from "./avro-type.ts";
import { AVRO_PRIMITIVES, avroTypeText } from "./avro-type.ts";

type Attributes = Readonly<Record<string, unknown>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const PRIMITIVES: ReadonlySet<string> = new Set(AVRO_PRIMITIVES);

/**
 * An Avro schema (specification 1.12) as a graph of types. `references` are the JSON values of
 * schemas whose named types it may use, each after those that it uses itself.
 *
 * Throws `SCHEMA_INVALID` with the path of the part that can't be read.
 */
export function parseAvro(schema: unknown, references: readonly unknown[] = []): AvroType {
  const parser = new AvroParser();
  for (const reference of references) parser.parse(reference, "", [], 0);
  const type = parser.parse(schema, "", [], 0);
  parser.checkDefaults();
  return type;
}

class AvroParser {
  readonly #named = new Map<string, AvroType>();
  /** Checked last: a default may be of a record that isn't complete yet. */
  readonly #defaults: { field: AvroField; path: readonly string[] }[] = [];

  parse(schema: unknown, namespace: string, path: readonly string[], depth: number): AvroType {
    if (depth > LIMITS.schemaDepthMax) {
      throw invalid(path, `the schema nests deeper than ${LIMITS.schemaDepthMax} levels`);
    }
    if (typeof schema === "string") return this.#byName(schema, namespace, path);
    if (Array.isArray(schema)) return this.#union(schema, namespace, path, depth);
    if (!isAttributes(schema)) throw invalid(path, "a type is a name, an object or an array");
    return this.#object(schema, namespace, path, depth);
  }

  checkDefaults(): void {
    for (const { field, path } of this.#defaults) {
      if (field.default === undefined || avroDefaultFits(field.type, field.default.value)) continue;
      throw invalid(
        path,
        `the default ${JSON.stringify(field.default.value)} isn't a ${avroTypeText(field.type)}`,
        "The default of a union must be of its first branch: put that branch first.",
      );
    }
  }

  #object(schema: Attributes, namespace: string, path: readonly string[], depth: number): AvroType {
    const type = schema["type"];
    if (typeof type !== "string") return this.parse(type, namespace, path, depth + 1);
    switch (type) {
      case "record":
      case "error":
        return this.#record(schema, namespace, path, depth);
      case "enum":
        return this.#enum(schema, namespace, path);
      case "fixed":
        return this.#fixed(schema, namespace, path);
      case "array":
        return {
          kind: "array",
          items: this.parse(schema["items"], namespace, [...path, "[]"], depth + 1),
        };
      case "map":
        return {
          kind: "map",
          values: this.parse(schema["values"], namespace, [...path, "{}"], depth + 1),
        };
      default: {
        if (!PRIMITIVES.has(type)) return this.#byName(type, namespace, path);
        const logical = logicalOf(schema, path);
        const kind = type as AvroPrimitiveName;
        return logical === undefined ? { kind } : { kind, logical };
      }
    }
  }

  #byName(name: string, namespace: string, path: readonly string[]): AvroType {
    if (PRIMITIVES.has(name)) return { kind: name as AvroPrimitiveName };
    const known = this.#named.get(qualified(name, namespace)) ?? this.#named.get(name);
    if (known !== undefined) return known;
    throw invalid(
      path,
      `there is no type ${JSON.stringify(name)}`,
      "Define the type before its first use, or add a reference to the schema that does.",
    );
  }

  #union(
    branches: readonly unknown[],
    namespace: string,
    path: readonly string[],
    depth: number,
  ): AvroType {
    const types = branches.map((branch) => this.parse(branch, namespace, path, depth + 1));
    const seen = new Set<string>();
    for (const type of types) {
      if (type.kind === "union") throw invalid(path, "a union can't directly contain a union");
      const name = "name" in type ? type.name : type.kind;
      if (seen.has(name)) throw invalid(path, `a union has two branches of type ${name}`);
      seen.add(name);
    }
    return { kind: "union", branches: types };
  }

  #record(schema: Attributes, namespace: string, path: readonly string[], depth: number): AvroType {
    const { name, aliases, inner } = naming(schema, namespace, path);
    const fields: AvroField[] = [];
    const record = { kind: "record", name, aliases, fields } as const;
    this.#define(name, record, path);
    const declared = schema["fields"];
    if (!Array.isArray(declared)) throw invalid(path, `record ${name} has no array of fields`);
    const seen = new Set<string>();
    for (const attributes of declared as unknown[]) {
      const field = this.#field(attributes, inner, path, depth);
      if (seen.has(field.name)) {
        throw invalid([...path, field.name], `record ${name} has this field twice`);
      }
      seen.add(field.name);
      fields.push(field);
    }
    return record;
  }

  #field(
    attributes: unknown,
    namespace: string,
    path: readonly string[],
    depth: number,
  ): AvroField {
    if (!isAttributes(attributes)) throw invalid(path, "a field is an object");
    const name = attributes["name"];
    if (typeof name !== "string" || !NAME.test(name)) {
      throw invalid(path, `${JSON.stringify(name)} can't be the name of a field`);
    }
    const at = [...path, name];
    const field: AvroField = {
      name,
      aliases: strings(attributes["aliases"], "aliases", at),
      type: this.parse(attributes["type"], namespace, at, depth + 1),
      ...("default" in attributes ? { default: { value: attributes["default"] } } : {}),
    };
    this.#defaults.push({ field, path: at });
    return field;
  }

  #enum(schema: Attributes, namespace: string, path: readonly string[]): AvroType {
    const { name, aliases } = naming(schema, namespace, path);
    const symbols = strings(schema["symbols"], "symbols", path);
    if (new Set(symbols).size !== symbols.length) {
      throw invalid(path, `enum ${name} has a symbol twice`);
    }
    const bad = symbols.find((symbol) => !NAME.test(symbol));
    if (bad !== undefined) throw invalid(path, `${JSON.stringify(bad)} can't be a symbol`);
    const fallback = schema["default"];
    if (fallback !== undefined && !symbols.includes(fallback as string)) {
      throw invalid(path, `the default of enum ${name} isn't one of its symbols`);
    }
    const type: AvroType = {
      kind: "enum",
      name,
      aliases,
      symbols,
      ...(fallback === undefined ? {} : { default: fallback as string }),
    };
    return this.#define(name, type, path);
  }

  #fixed(schema: Attributes, namespace: string, path: readonly string[]): AvroType {
    const { name, aliases } = naming(schema, namespace, path);
    const size = schema["size"];
    if (!isWhole(size) || size < 0) throw invalid(path, `fixed ${name} has no size in bytes`);
    const logical = logicalOf(schema, path);
    const type: AvroType = {
      kind: "fixed",
      name,
      aliases,
      size,
      ...(logical === undefined ? {} : { logical }),
    };
    return this.#define(name, type, path);
  }

  #define(name: string, type: AvroType, path: readonly string[]): AvroType {
    if (this.#named.has(name)) throw invalid(path, `type ${name} is defined twice`);
    this.#named.set(name, type);
    return type;
  }
}

function naming(
  schema: Attributes,
  namespace: string,
  path: readonly string[],
): { name: string; aliases: string[]; inner: string } {
  const name = schema["name"];
  if (typeof name !== "string" || !FULL_NAME.test(name) || PRIMITIVES.has(name)) {
    throw invalid(path, `${JSON.stringify(name)} can't be the name of a type`);
  }
  const own = typeof schema["namespace"] === "string" ? schema["namespace"] : namespace;
  const full = qualified(name, own);
  const inner = full.slice(0, Math.max(0, full.lastIndexOf(".")));
  const aliases = strings(schema["aliases"], "aliases", path);
  return { name: full, aliases: aliases.map((alias) => qualified(alias, inner)), inner };
}

function qualified(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function logicalOf(schema: Attributes, path: readonly string[]): AvroLogical | undefined {
  const name = schema["logicalType"];
  if (typeof name !== "string") return undefined;
  if (name !== "decimal") return { name };
  const precision = schema["precision"];
  const scale = schema["scale"] ?? 0;
  if (!isWhole(precision) || precision < 1 || !isWhole(scale) || scale < 0 || scale > precision) {
    throw invalid(path, "a decimal needs a precision of at least 1 and a scale of 0 to precision");
  }
  return { name, precision, scale };
}

function strings(value: unknown, what: string, path: readonly string[]): string[] {
  if (value === undefined && what === "aliases") return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) {
    throw invalid(path, `${what} must be an array of strings`);
  }
  return value as string[];
}

function isAttributes(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function invalid(path: readonly string[], what: string, hint?: string): MillraceError {
  const field = path.join(".");
  return new MillraceError("SCHEMA_INVALID", `Avro${field === "" ? "" : ` at ${field}`}: ${what}`, {
    ...(field === "" ? {} : { field }),
    hint: hint ?? "Correct the schema at this place.",
  });
}
