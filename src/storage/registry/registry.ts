import type { CompatibilityLevel } from "../../language/schema/compatibility/compatibility-level.ts";
import type { Incompatibility } from "../../language/schema/compatibility/incompatibility.ts";
import type { SchemaType } from "../../language/schema/compatibility/schema-source.ts";

/** What a schema says of another that it uses: `name` in it is that version of that subject. */
export interface SchemaReference {
  /** An Avro type's full name, or a `$ref` of a JSON Schema. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as a client gives it. */
export interface SchemaText {
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly references?: readonly SchemaReference[];
  /** Data contracts of Confluent's clients, kept and given back as they are (JSON texts). */
  readonly metadata?: string;
  readonly ruleSet?: string;
}

/** A schema that has an id. Ids are positive, never change and are never given twice. */
export interface StoredSchema extends SchemaText {
  readonly id: number;
  /** A UUID made of the schema's contents: equal in every registry. */
  readonly guid: string;
}

/** A schema as a version of a subject. Versions begin at 1 and are never given twice. */
export interface RegisteredSchema extends StoredSchema {
  readonly subject: string;
  readonly version: number;
  /** Soft-deleted: still readable by id, no longer listed or compared with. */
  readonly deleted: boolean;
}

export type SchemaVersion = number | "latest";

/** Whether soft-deleted subjects and versions are included. `only`: these alone. */
export type DeletedFilter = "exclude" | "include" | "only";

/** Whether a subject takes new versions. */
export type RegistryMode = "READWRITE" | "READONLY";

/** Why something was not deleted. */
export type DeleteRefusal =
  | "subject-unknown"
  | "version-unknown"
  /** It was deleted softly before; only a permanent deletion is left. */
  | "already-deleted"
  /** A permanent deletion needs a soft one first. */
  | "not-deleted"
  /** Another schema refers to it. */
  | "referenced";

export type DeleteResult =
  | { readonly ok: true; readonly versions: readonly number[] }
  | { readonly ok: false; readonly reason: DeleteRefusal };

/** How a schema is compared with those that are there. */
export interface RegisterOptions {
  /**
   * Take two schemas for one if they read and write the same (`avroCanonical`). Otherwise they
   * are one only if they differ in white space and in the order of keys at most.
   */
  readonly normalize?: boolean;
}

/**
 * Schemas by subject and version, with ids that go into the records.
 *
 * Obligations of every adapter:
 * - What a method has given is durable: a schema's id survives the loss of power.
 * - The same schema (type, text, references, metadata, rules) has the same id under every
 *   subject, and registering it again under a subject changes nothing.
 * - Registering is atomic: of two at once, one is compared with the other.
 * - A schema that breaks the subject's level is never stored.
 * - A logical type, and a decimal's precision and scale, never change under any level but NONE.
 */
export interface Registry {
  /**
   * Adds a schema as the next version of a subject, or finds it there. A soft-deleted version
   * counts as absent: the schema keeps its id and gets a new version.
   *
   * Throws `SCHEMA_INVALID` (it, or one of its references, can't be read), `SCHEMA_INCOMPATIBLE`
   * (it breaks the level; the first incompatibility gives message, field and hint) and `FORBIDDEN`
   * (the mode is READONLY).
   */
  register(
    subject: string,
    schema: SchemaText,
    options?: RegisterOptions,
  ): Promise<RegisteredSchema>;

  /** The version of a subject that is this schema. Throws `SCHEMA_INVALID`. */
  lookup(
    subject: string,
    schema: SchemaText,
    options?: RegisterOptions & { readonly deleted?: boolean },
  ): Promise<RegisteredSchema | undefined>;

  /**
   * What would break if the schema were registered, without registering it: against one version
   * or, with `all`, against those that the level asks for. Throws `SCHEMA_INVALID`.
   */
  check(
    subject: string,
    version: SchemaVersion | "all",
    schema: SchemaText,
  ): Promise<readonly Incompatibility[]>;

  /** Subjects in order of name. */
  subjects(filter: DeletedFilter): Promise<readonly string[]>;
  /** Versions of a subject in order; empty when the subject is unknown. */
  versions(subject: string, filter: DeletedFilter): Promise<readonly number[]>;
  /** One version; `deleted` finds soft-deleted ones too. */
  version(
    subject: string,
    version: SchemaVersion,
    options?: { readonly deleted?: boolean },
  ): Promise<RegisteredSchema | undefined>;

  /** A schema by its id or GUID, whether its versions are deleted or not. */
  schema(
    key: { readonly id: number } | { readonly guid: string },
  ): Promise<StoredSchema | undefined>;
  /** Where an id is used. */
  usages(id: number, filter: DeletedFilter): Promise<readonly SchemaUsage[]>;
  /** Ids of the schemas that refer to a version. */
  referencedBy(subject: string, version: number): Promise<readonly number[]>;

  /** Deletes softly, or (`permanent`, after a soft deletion) for good. Ids stay readable softly. */
  deleteVersion(subject: string, version: SchemaVersion, permanent: boolean): Promise<DeleteResult>;
  deleteSubject(subject: string, permanent: boolean): Promise<DeleteResult>;

  /** Own settings of a subject; of all subjects that have none, when it is undefined. */
  settings(subject: string | undefined): Promise<RegistrySettings>;
  /** Sets what is given, clears what is given as null. */
  configure(subject: string | undefined, change: RegistrySettingsChange): Promise<void>;

  close(): Promise<void>;
}

export interface SchemaUsage {
  readonly subject: string;
  readonly version: number;
}

/** Settings of one subject, absent where it has none of its own; those of all are always there. */
export interface RegistrySettings {
  readonly level?: CompatibilityLevel;
  readonly mode?: RegistryMode;
}

export interface RegistrySettingsChange {
  readonly level?: CompatibilityLevel | null;
  readonly mode?: RegistryMode | null;
}

/** What applies where nothing was set, as in Confluent's registry. */
export const REGISTRY_DEFAULTS = {
  level: "BACKWARD",
  mode: "READWRITE",
} as const satisfies Required<RegistrySettings>;
