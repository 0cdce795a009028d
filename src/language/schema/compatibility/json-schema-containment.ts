import { canonicalJson } from "../../../core/canonical-json.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { IncompatibilityKind, Mismatch } from "./incompatibility.ts";
import { added, compareBounds } from "./json-schema-bounds.ts";
import { compareArrays } from "./json-schema-array.ts";
import { compareObjects } from "./json-schema-object.ts";
import { mergeSchemas } from "./json-schema-merge.ts";
import type {
  JsonObjectPlace,
  JsonSchema,
  JsonSchemaObject,
  JsonSchemaPlace,
} from "./json-schema-type.ts";
import { finiteValues, includesType, subschemaList, typesOf } from "./json-schema-type.ts";
import { ANNOTATIONS, followReference } from "./parse-json-schema.ts";

/** Compares two places; handed to the parts that look at objects and arrays. */
export type CompareSchemas = (
  reader: JsonSchemaPlace,
  writer: JsonSchemaPlace,
) => readonly Mismatch[];

/**
 * Constraints that we don't look into. A reader may drop them or keep them as they are; one that
 * adds or changes them is refused, since we can't show that it still takes every value.
 */
const NOT_COMPARED = [
  "if",
  "then",
  "else",
  "contains",
  "minContains",
  "maxContains",
  "propertyNames",
  "dependencies",
  "dependentRequired",
  "dependentSchemas",
  "unevaluatedItems",
  "unevaluatedProperties",
  "format",
  "$dynamicRef",
  "$recursiveRef",
];

/**
 * What keeps `reader` from taking every value that `writer` lets pass. An empty list: it takes
 * all of them. It may find fault with a change that is harmless (schemas are compared keyword by
 * keyword, not value by value), with two exceptions that follow Confluent's checker: a required
 * property that has a default counts as present, and branches of `oneOf` may overlap.
 */
export function containsJsonSchema(
  reader: JsonSchemaPlace,
  writer: JsonSchemaPlace,
): readonly Mismatch[] {
  return new Containment().compare(reader, writer);
}

class Containment {
  /** Pairs that are being compared, or were found to fit: a schema may refer to itself. */
  readonly #fits = new Map<JsonSchema, Map<JsonSchema, true>>();
  /** The same pairs in order: what a pair that doesn't fit takes back. */
  readonly #fitting: (readonly [Map<JsonSchema, true>, JsonSchema])[] = [];
  /** Schemas made on the way, by what they stand for: a pair must be met again to be known. */
  readonly #made = new Map<JsonSchema, JsonSchema>();
  readonly #splits = new Map<JsonSchema, readonly JsonSchema[] | undefined>();
  readonly #texts = new Map<JsonSchema, string>();
  #steps = 0;

  readonly compare: CompareSchemas = (reader, writer) => {
    const read = this.#follow(reader);
    const wrote = this.#follow(writer);
    if (read.schema === true || wrote.schema === false) return [];
    if (++this.#steps > LIMITS.schemaStepsMax) {
      return one("CONSTRUCT_NOT_COMPARED", "a schema too large to compare", "the same");
    }
    const row = this.#fits.get(read.schema) ?? new Map<JsonSchema, true>();
    this.#fits.set(read.schema, row);
    if (typeof wrote.schema === "object" && row.has(wrote.schema)) return [];
    row.set(wrote.schema, true);
    const mark = this.#fitting.length;
    this.#fitting.push([row, wrote.schema]);
    const found = this.#compare(read, wrote).slice(0, LIMITS.schemaMismatchesMax);
    // Pairs found to fit since then may have relied on this one.
    if (found.length > 0) for (const [r, s] of this.#fitting.splice(mark)) r.delete(s);
    return found;
  };

  #compare(reader: JsonSchemaPlace, writer: JsonSchemaPlace): readonly Mismatch[] {
    if (reader.schema === false) return one("TYPE_CHANGED", "nothing allowed", shown(writer));
    if (this.#same(reader, writer)) return [];
    const read = asObject(reader.schema);
    const wrote = asObject(writer.schema);
    const branches = this.#split({ ...writer, schema: wrote });
    if (branches !== undefined) {
      return branches.flatMap((schema) => this.compare(reader, { ...writer, schema }));
    }
    // What takes one of several conditions takes all of them together.
    for (const schema of subschemaList(wrote, "allOf") ?? []) {
      if (this.compare(reader, { ...writer, schema }).length === 0) return [];
    }
    return [
      ...this.#keywords({ ...reader, schema: read }, { ...writer, schema: wrote }),
      ...this.#combinators({ ...reader, schema: read }, { ...writer, schema: wrote }),
    ];
  }

  /** Equal but for annotations is equal, unless a `$ref` leads to different places. */
  #same(reader: JsonSchemaPlace, writer: JsonSchemaPlace): boolean {
    if (reader.schema === writer.schema) return reader.document === writer.document;
    const text = this.#text(reader.schema);
    return text === this.#text(writer.schema) && !/"\$(dynamic|recursive)?[rR]ef"/.test(text);
  }

  #text(schema: JsonSchema): string {
    const known = this.#texts.get(schema);
    if (known !== undefined) return known;
    const entries = Object.entries(asObject(schema)).filter(([key]) => !ANNOTATIONS.has(key));
    const text = schema === false ? "false" : canonicalJson(Object.fromEntries(entries));
    this.#texts.set(schema, text);
    return text;
  }

  /** The place that a `$ref` leads to; with other keywords beside it, both must hold. */
  #follow(place: JsonSchemaPlace): JsonSchemaPlace {
    const there = followReference(place);
    if (typeof there.schema === "boolean" || there.schema["$ref"] === undefined) return there;
    const { $ref, ...beside } = there.schema;
    const schema = this.#made.get(there.schema) ?? { allOf: [{ $ref }, beside] };
    this.#made.set(there.schema, schema);
    return { ...there, schema };
  }

  /**
   * The schemas whose union is the writer: its members of `allOf` as one, or the branches of
   * `anyOf` or `oneOf` with what stands beside them. Undefined when it can't be split so.
   */
  #split(writer: JsonObjectPlace): readonly JsonSchema[] | undefined {
    if (this.#splits.has(writer.schema)) return this.#splits.get(writer.schema);
    const result = this.#splitAnew(writer);
    this.#splits.set(writer.schema, result);
    return result;
  }

  #splitAnew(writer: JsonObjectPlace): readonly JsonSchema[] | undefined {
    const { allOf: _, ...besideAll } = writer.schema;
    const all = subschemaList(writer.schema, "allOf");
    if (all !== undefined) {
      const merged = this.#merge([besideAll, ...all], writer);
      if (merged !== undefined) return [merged];
    }
    for (const keyword of ["anyOf", "oneOf"]) {
      const branches = subschemaList(writer.schema, keyword);
      if (branches === undefined) continue;
      const { [keyword]: _branches, ...beside } = writer.schema;
      const merged = branches.map((branch) => this.#merge([beside, branch], writer));
      if (merged.every((each) => each !== undefined)) return merged;
    }
    return undefined;
  }

  /** Schemas of one document that all hold, as one schema where that is possible. */
  #merge(schemas: readonly JsonSchema[], place: JsonSchemaPlace): JsonSchema | undefined {
    const followed: JsonSchema[] = [];
    for (const schema of schemas) {
      const there = this.#follow({ ...place, schema });
      if (there.document !== place.document) return undefined;
      followed.push(there.schema);
    }
    return mergeSchemas(followed);
  }

  #keywords(reader: JsonObjectPlace, writer: JsonObjectPlace): readonly Mismatch[] {
    const read = reader.schema;
    const wrote = writer.schema;
    const taken = typesOf({ ...read, enum: undefined });
    const written = typesOf(wrote);
    const refused = written.filter((type) => !taken.some((wide) => includesType(wide, type)));
    if (refused.length > 0) return one("TYPE_CHANGED", taken.join(" | "), written.join(" | "));
    const found = [...compareValues(read, wrote)];
    for (const type of written) {
      found.push(...compareBounds(read, wrote, type));
      if (type === "object") found.push(...compareObjects(reader, writer, this.compare));
      if (type === "array") found.push(...compareArrays(reader, writer, this.compare));
    }
    for (const keyword of NOT_COMPARED) {
      if (!added(keyword, read, wrote)) continue;
      const text = (schema: JsonSchemaObject): string =>
        schema[keyword] === undefined ? `no ${keyword}` : `${keyword} ${clip(schema[keyword])}`;
      found.push(...one("CONSTRUCT_NOT_COMPARED", text(read), text(wrote)));
    }
    return found;
  }

  #combinators(reader: JsonObjectPlace, writer: JsonObjectPlace): readonly Mismatch[] {
    const found: Mismatch[] = [];
    for (const schema of subschemaList(reader.schema, "allOf") ?? []) {
      found.push(...this.compare({ ...reader, schema }, writer));
    }
    for (const keyword of ["anyOf", "oneOf"]) {
      const branches = subschemaList(reader.schema, keyword);
      if (branches !== undefined)
        found.push(...this.#someBranch(branches, reader, writer, keyword));
    }
    const not = reader.schema["not"] as JsonSchema | undefined;
    if (not !== undefined) found.push(...this.#not(not, reader, writer));
    return found;
  }

  /** Some branch takes the writer whole, or each of its types is taken by some branch. */
  #someBranch(
    branches: readonly JsonSchema[],
    reader: JsonSchemaPlace,
    writer: JsonObjectPlace,
    keyword: string,
  ): readonly Mismatch[] {
    const tries = (schema: JsonSchema): (readonly Mismatch[])[] =>
      branches.map((branch) => this.compare({ ...reader, schema: branch }, { ...writer, schema }));
    const fits = (results: (readonly Mismatch[])[]): boolean =>
      results.some((result) => result.length === 0);
    const whole = tries(writer.schema);
    if (fits(whole)) return [];
    const types = typesOf(writer.schema);
    if (types.length > 1 && types.every((type) => fits(tries({ ...writer.schema, type })))) {
      return [];
    }
    // With one branch beside null, that branch was meant; its own mismatches say more.
    const meant = whole.filter((result) => result.every((each) => each.path.length > 0));
    if (meant.length === 1) return meant[0] ?? [];
    return one("COMBINATOR_NARROWED", `no branch of ${keyword} that takes it`, shown(writer));
  }

  /** `not R` takes what `not W` lets pass if W covers R. */
  #not(not: JsonSchema, reader: JsonSchemaPlace, writer: JsonSchemaPlace): readonly Mismatch[] {
    const excluded = asObject(writer.schema)["not"] as JsonSchema | undefined;
    const covers =
      excluded !== undefined &&
      this.compare({ ...writer, schema: excluded }, { ...reader, schema: not }).length === 0;
    return covers ? [] : one("COMBINATOR_NARROWED", `not ${clip(not)}`, shown(writer));
  }
}

function compareValues(reader: JsonSchemaObject, writer: JsonSchemaObject): readonly Mismatch[] {
  const allowed = finiteValues(reader);
  if (allowed === undefined) return [];
  const values = finiteValues(writer);
  if (values === undefined) return one("ENUM_NARROWED", `only ${clip(allowed)}`, "other values");
  const known = new Set(allowed.map(canonicalJson));
  const missing = values.filter((value) => !known.has(canonicalJson(value)));
  if (missing.length === 0) return [];
  return one("ENUM_NARROWED", `only ${clip(allowed)}`, missing.map(clip).join(", "));
}

function asObject(schema: JsonSchema): JsonSchemaObject {
  return typeof schema === "boolean" ? {} : schema;
}

function shown(place: JsonSchemaPlace): string {
  return place.schema === true ? "anything allowed" : clip(place.schema);
}

function clip(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function one(kind: IncompatibilityKind, reader: string, writer: string): Mismatch[] {
  return [{ kind, path: [], reader, writer }];
}
