import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { checkCompatibility } from "../../../language/schema/compatibility/check-compatibility.ts";
import type { CompatibilityLevel } from "../../../language/schema/compatibility/compatibility-level.ts";
import type { Incompatibility } from "../../../language/schema/compatibility/incompatibility.ts";
import type {
  ParsedSchema,
  SchemaReferenceSource,
} from "../../../language/schema/compatibility/schema-source.ts";
import { parseSchema } from "../../../language/schema/compatibility/schema-source.ts";
import type {
  DeletedFilter,
  DeleteResult,
  RegisteredSchema,
  RegisterOptions,
  Registry,
  RegistrySettings,
  RegistrySettingsChange,
  SchemaText,
  SchemaUsage,
  SchemaVersion,
  StoredSchema,
} from "../registry.ts";
import { REGISTRY_DEFAULTS } from "../registry.ts";
import {
  readOnly,
  refuseIncompatible,
  tooManyReferences,
  unknownReference,
} from "../registry-refusals.ts";
import { schemaFingerprints, type SchemaFingerprints } from "../schema-fingerprints.ts";
import { RegistryDatabase } from "./registry-database.ts";

/** The settings that stand for all subjects. */
const ALL = "";

/** Opens the registry in an SQLite file, made when it isn't there. */
export function openEmbeddedRegistry(path: string): Registry {
  return new EmbeddedRegistry(new RegistryDatabase(path));
}

/** The `Registry` port over one SQLite file. Each method is one transaction. */
class EmbeddedRegistry implements Registry {
  readonly #db: RegistryDatabase;

  constructor(db: RegistryDatabase) {
    this.#db = db;
  }

  async register(
    subject: string,
    schema: SchemaText,
    options: RegisterOptions = {},
  ): Promise<RegisteredSchema> {
    return this.#db.transaction(() => {
      const parsed = this.#parse(schema);
      const prints = schemaFingerprints(schema, parsed);
      const there = this.#find(subject, prints, options.normalize === true, false);
      if (there !== undefined) return there;
      if (this.#mode(subject) === "READONLY") throw readOnly(subject);
      refuseIncompatible(subject, this.#broken(subject, "all", parsed));
      const known =
        this.#db.findSchema("identity", prints.identity) ??
        (options.normalize === true
          ? this.#db.findSchema("canonical", prints.canonical)
          : undefined);
      const id = known?.id ?? this.#db.insertSchema(schema, prints);
      const version = this.#db.insertVersion(subject, id);
      return this.#db.version(subject, version) ?? missing(subject, version);
    });
  }

  async lookup(
    subject: string,
    schema: SchemaText,
    options: RegisterOptions & { readonly deleted?: boolean } = {},
  ): Promise<RegisteredSchema | undefined> {
    const prints = schemaFingerprints(schema, this.#parse(schema));
    return this.#find(subject, prints, options.normalize === true, options.deleted === true);
  }

  async check(
    subject: string,
    version: SchemaVersion | "all",
    schema: SchemaText,
  ): Promise<readonly Incompatibility[]> {
    return this.#broken(subject, version, this.#parse(schema));
  }

  async subjects(filter: DeletedFilter): Promise<readonly string[]> {
    return this.#db.subjects(filter);
  }

  async versions(subject: string, filter: DeletedFilter): Promise<readonly number[]> {
    return this.#db.versions(subject, filter);
  }

  async version(
    subject: string,
    version: SchemaVersion,
    options: { readonly deleted?: boolean } = {},
  ): Promise<RegisteredSchema | undefined> {
    return this.#version(subject, version, options.deleted === true);
  }

  async schema(
    key: { readonly id: number } | { readonly guid: string },
  ): Promise<StoredSchema | undefined> {
    return "id" in key ? this.#db.schemaById(key.id) : this.#db.findSchema("guid", key.guid);
  }

  async usages(id: number, filter: DeletedFilter): Promise<readonly SchemaUsage[]> {
    return this.#db.usages(id, filter);
  }

  async referencedBy(subject: string, version: number): Promise<readonly number[]> {
    return this.#db.referencedBy(subject, version);
  }

  async deleteVersion(
    subject: string,
    version: SchemaVersion,
    permanent: boolean,
  ): Promise<DeleteResult> {
    return this.#db.transaction(() => {
      if (this.#db.versions(subject, "include").length === 0) return refused("subject-unknown");
      const found = this.#version(subject, version, true);
      if (found === undefined) return refused("version-unknown");
      if (this.#mode(subject) === "READONLY") throw readOnly(subject);
      if (!permanent && found.deleted) return refused("already-deleted");
      if (permanent && !found.deleted) return refused("not-deleted");
      if (this.#db.referencedBy(subject, found.version).length > 0) return refused("referenced");
      this.#delete(subject, [found.version], permanent);
      return { ok: true, versions: [found.version] };
    });
  }

  async deleteSubject(subject: string, permanent: boolean): Promise<DeleteResult> {
    return this.#db.transaction(() => {
      const every = this.#db.versions(subject, "include");
      const live = this.#db.versions(subject, "exclude");
      if (every.length === 0) return refused("subject-unknown");
      if (this.#mode(subject) === "READONLY") throw readOnly(subject);
      if (!permanent && live.length === 0) return refused("already-deleted");
      if (permanent && live.length > 0) return refused("not-deleted");
      const versions = permanent ? every : live;
      if (versions.some((version) => this.#db.referencedBy(subject, version).length > 0)) {
        return refused("referenced");
      }
      this.#delete(subject, versions, permanent);
      return { ok: true, versions };
    });
  }

  async settings(subject: string | undefined): Promise<RegistrySettings> {
    if (subject !== undefined) return this.#db.settings(subject);
    return { ...REGISTRY_DEFAULTS, ...this.#db.settings(ALL) };
  }

  async configure(subject: string | undefined, change: RegistrySettingsChange): Promise<void> {
    this.#db.transaction(() => {
      const { level, mode } = { ...this.#db.settings(subject ?? ALL), ...change };
      const set = (value: unknown): boolean => value !== null && value !== undefined;
      this.#db.saveSettings(subject ?? ALL, {
        ...(set(level) ? { level } : {}),
        ...(set(mode) ? { mode } : {}),
      } as RegistrySettings);
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #find(
    subject: string,
    prints: SchemaFingerprints,
    normalize: boolean,
    deleted: boolean,
  ): RegisteredSchema | undefined {
    const exact = this.#db.findVersion(subject, "identity", prints.identity, deleted);
    if (exact !== undefined || !normalize) return exact;
    return this.#db.findVersion(subject, "canonical", prints.canonical, deleted);
  }

  #version(
    subject: string,
    version: SchemaVersion,
    deleted: boolean,
  ): RegisteredSchema | undefined {
    const number =
      version === "latest"
        ? this.#db.versions(subject, deleted ? "include" : "exclude").at(-1)
        : version;
    const found = number === undefined ? undefined : this.#db.version(subject, number);
    return found?.deleted === true && !deleted ? undefined : found;
  }

  #broken(
    subject: string,
    version: SchemaVersion | "all",
    parsed: ParsedSchema,
  ): readonly Incompatibility[] {
    const level = this.#level(subject);
    const one = version === "all" ? undefined : this.#version(subject, version, false);
    const earlier =
      version === "all" ? this.#db.registered(subject) : one === undefined ? [] : [one];
    const needed = level.endsWith("_TRANSITIVE") ? earlier : earlier.slice(-1);
    return checkCompatibility(
      level,
      parsed,
      needed.map((each) => ({ version: each.version, schema: this.#parse(each) })),
    );
  }

  #level(subject: string): CompatibilityLevel {
    const own = this.#db.settings(subject).level;
    return own ?? this.#db.settings(ALL).level ?? REGISTRY_DEFAULTS.level;
  }

  #mode(subject: string): string {
    const own = this.#db.settings(subject).mode;
    return own ?? this.#db.settings(ALL).mode ?? REGISTRY_DEFAULTS.mode;
  }

  #delete(subject: string, versions: readonly number[], permanent: boolean): void {
    for (const version of versions) {
      if (permanent) this.#db.remove(subject, version);
      else this.#db.markDeleted(subject, version);
    }
  }

  #parse(schema: SchemaText): ParsedSchema {
    return parseSchema({
      schemaType: schema.schemaType,
      schema: schema.schema,
      references: this.#references(schema, { count: 0 }),
    });
  }

  /** The texts that a schema refers to. References always point to what was there before. */
  #references(schema: SchemaText, total: { count: number }): SchemaReferenceSource[] {
    return (schema.references ?? []).map((reference) => {
      const { name, subject, version } = reference;
      if (++total.count > LIMITS.schemaReferencesMax) throw tooManyReferences();
      const found = this.#version(subject, version === -1 ? "latest" : version, true);
      if (found === undefined) throw unknownReference(reference);
      return {
        name,
        schemaType: found.schemaType,
        schema: found.schema,
        references: this.#references(found, total),
      };
    });
  }
}

function refused(reason: (DeleteResult & { ok: false })["reason"]): DeleteResult {
  return { ok: false, reason };
}

function missing(subject: string, version: number): never {
  throw new MillraceError("INTERNAL", `version ${version} of ${subject} isn't where it was put`);
}
