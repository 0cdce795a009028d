import { LIMITS } from "../../../core/limits.ts";
import type {
  AvroEnum,
  AvroField,
  AvroFixed,
  AvroLogical,
  AvroPrimitiveName,
  AvroRecord,
  AvroType,
} from "./avro-type.ts";
import { avroLogicalText, avroTypeText } from "./avro-type.ts";
import type { IncompatibilityKind, Mismatch } from "./incompatibility.ts";
import { under } from "./incompatibility.ts";

/** What each primitive may be read as, beside itself (Avro 1.12, "Schema Resolution"). */
const PROMOTIONS: Partial<Record<AvroPrimitiveName, readonly AvroPrimitiveName[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/**
 * What keeps `reader` from reading data of `writer`, by the rules of Avro 1.12, "Schema
 * Resolution", and one of ours: a logical type, and a decimal's precision and scale, never change
 * (Avro lets them, and the amount 0.0001 then reads as 0.01). An empty list: it reads all.
 */
export function resolveAvro(reader: AvroType, writer: AvroType): readonly Mismatch[] {
  return new AvroResolution().compare(reader, writer);
}

class AvroResolution {
  /** Results by pair. A pair that is being compared counts as readable: records may recur. */
  readonly #known = new Map<AvroType, Map<AvroType, readonly Mismatch[]>>();
  /** Pairs found readable so far, in order: what a failed assumption takes back. */
  readonly #readable: (readonly [AvroType, AvroType])[] = [];

  compare(reader: AvroType, writer: AvroType): readonly Mismatch[] {
    const known = this.#known.get(reader)?.get(writer);
    if (known !== undefined) return known;
    const mark = this.#readable.length;
    this.#remember(reader, writer, []);
    const found = this.#compare(reader, writer).slice(0, LIMITS.schemaMismatchesMax);
    if (found.length > 0) {
      for (const [r, w] of this.#readable.splice(mark)) this.#known.get(r)?.delete(w);
      this.#remember(reader, writer, found);
    } else {
      this.#readable.push([reader, writer]);
    }
    return found;
  }

  #remember(reader: AvroType, writer: AvroType, result: readonly Mismatch[]): void {
    const row = this.#known.get(reader);
    if (row === undefined) this.#known.set(reader, new Map([[writer, result]]));
    else row.set(writer, result);
  }

  #compare(reader: AvroType, writer: AvroType): readonly Mismatch[] {
    if (writer.kind === "union") {
      return writer.branches.flatMap((branch) => this.#branch(reader, branch));
    }
    if (reader.kind === "union") return this.#intoUnion(reader.branches, reader, writer);
    switch (reader.kind) {
      case "record":
        return writer.kind === "record" ? this.#record(reader, writer) : mismatched(reader, writer);
      case "enum":
        return writer.kind === "enum" ? enums(reader, writer) : mismatched(reader, writer);
      case "fixed":
        return writer.kind === "fixed" ? fixed(reader, writer) : mismatched(reader, writer);
      case "array":
        if (writer.kind !== "array") return mismatched(reader, writer);
        return under("[]", this.compare(reader.items, writer.items));
      case "map":
        if (writer.kind !== "map") return mismatched(reader, writer);
        return under("{}", this.compare(reader.values, writer.values));
      default:
        return primitives(reader, writer);
    }
  }

  /** One branch of the writer's union; a reader that isn't a union lacks it if it can't read it. */
  #branch(reader: AvroType, branch: AvroType): readonly Mismatch[] {
    const found = this.compare(reader, branch);
    if (found.length === 0 || reader.kind === "union" || sameShape(reader, branch)) return found;
    return one("UNION_BRANCH_MISSING", avroTypeText(reader), avroTypeText(branch));
  }

  #intoUnion(
    branches: readonly AvroType[],
    reader: AvroType,
    writer: AvroType,
  ): readonly Mismatch[] {
    const tries = branches.map((branch) => ({ branch, found: this.compare(branch, writer) }));
    if (tries.some(({ found }) => found.length === 0)) return [];
    // The branch that was meant says best what is wrong.
    const meant = tries.find(({ branch }) => sameShape(branch, writer));
    return meant?.found ?? one("UNION_BRANCH_MISSING", avroTypeText(reader), avroTypeText(writer));
  }

  #record(reader: AvroRecord, writer: AvroRecord): readonly Mismatch[] {
    const named = names(reader, writer);
    if (named.length > 0) return named;
    const written = new Map(writer.fields.map((field) => [field.name, field]));
    return reader.fields.flatMap((field) => under(field.name, this.#field(field, written)));
  }

  #field(field: AvroField, written: ReadonlyMap<string, AvroField>): readonly Mismatch[] {
    const candidates = [...new Set([field.name, ...field.aliases])].filter((n) => written.has(n));
    const [name, other] = candidates;
    if (other !== undefined) {
      return one(
        "ALIAS_AMBIGUOUS",
        `one field with aliases`,
        `the fields ${candidates.join(", ")}`,
      );
    }
    const source = name === undefined ? undefined : written.get(name);
    if (source !== undefined) return this.compare(field.type, source.type);
    if (field.default !== undefined) return [];
    return one(
      "FIELD_WITHOUT_DEFAULT",
      `${avroTypeText(field.type)} without a default`,
      "no field",
    );
  }
}

function primitives(reader: AvroType, writer: AvroType): readonly Mismatch[] {
  const read = logicalOf(reader);
  const wrote = logicalOf(writer);
  const readable =
    reader.kind === writer.kind ||
    PROMOTIONS[writer.kind as AvroPrimitiveName]?.includes(reader.kind as AvroPrimitiveName);
  if (!readable) return mismatched(reader, writer);
  return logicals(read, wrote);
}

function logicals(read: AvroLogical | undefined, wrote: AvroLogical | undefined): Mismatch[] {
  if (read?.name !== wrote?.name) {
    return one("LOGICAL_TYPE_CHANGED", avroLogicalText(read), avroLogicalText(wrote));
  }
  if (read?.precision === wrote?.precision && read?.scale === wrote?.scale) return [];
  return one("DECIMAL_CHANGED", avroLogicalText(read), avroLogicalText(wrote));
}

function enums(reader: AvroEnum, writer: AvroEnum): readonly Mismatch[] {
  const named = names(reader, writer);
  if (named.length > 0 || reader.default !== undefined) return named;
  const symbols = new Set(reader.symbols);
  const missing = writer.symbols.filter((symbol) => !symbols.has(symbol));
  if (missing.length === 0) return [];
  return one("ENUM_NARROWED", "no default and not these symbols", missing.join(", "));
}

function fixed(reader: AvroFixed, writer: AvroFixed): readonly Mismatch[] {
  const named = names(reader, writer);
  if (named.length > 0) return named;
  if (reader.size !== writer.size) {
    return one("FIXED_SIZE_CHANGED", `${reader.size} bytes`, `${writer.size} bytes`);
  }
  return logicals(reader.logical, writer.logical);
}

/** Named types match by unqualified name, or by one of the reader's aliases. */
function names(
  reader: AvroRecord | AvroEnum | AvroFixed,
  writer: AvroRecord | AvroEnum | AvroFixed,
): readonly Mismatch[] {
  if (unqualified(reader.name) === unqualified(writer.name)) return [];
  if (reader.aliases.includes(writer.name)) return [];
  return one("NAME_CHANGED", avroTypeText(reader), avroTypeText(writer));
}

function sameShape(left: AvroType, right: AvroType): boolean {
  if (left.kind !== right.kind) return false;
  return !("name" in left && "name" in right) || unqualified(left.name) === unqualified(right.name);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function logicalOf(type: AvroType): AvroLogical | undefined {
  return "logical" in type ? type.logical : undefined;
}

function mismatched(reader: AvroType, writer: AvroType): readonly Mismatch[] {
  return one("TYPE_CHANGED", avroTypeText(reader), avroTypeText(writer));
}

function one(kind: IncompatibilityKind, reader: string, writer: string): Mismatch[] {
  return [{ kind, path: [], reader, writer }];
}
