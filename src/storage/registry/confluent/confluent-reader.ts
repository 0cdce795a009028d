import { asMillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import {
  parseSchema,
  type ParsedSchema,
  type SchemaReferenceSource,
} from "../../../language/schema/compatibility/schema-source.ts";
import { tooManyReferences, unknownReference } from "../registry-refusals.ts";
import {
  REGISTRY_DEFAULTS,
  type DeletedFilter,
  type RegisteredSchema,
  type RegistrySettings,
  type SchemaText,
  type SchemaUsage,
  type SchemaVersion,
  type StoredSchema,
} from "../registry.ts";
import { schemaFingerprints, type SchemaFingerprints } from "../schema-fingerprints.ts";
import { pathOf, unexpected, type ConfluentRest } from "./confluent-rest.ts";
import { readLevel, readMode, readSchema } from "./confluent-schema.ts";

/** What Confluent answers where a schema isn't there. */
const SCHEMA_UNKNOWN = 40403;

/** What is asked for at once, and what Apicurio gives at most unless asked. */
const PAGE_ITEMS = 1_000;

/** The part of the `Registry` port that changes nothing, over Confluent's REST API. */
export class ConfluentReader {
  protected readonly rest: ConfluentRest;

  constructor(rest: ConfluentRest) {
    this.rest = rest;
  }

  async subjects(filter: DeletedFilter): Promise<readonly string[]> {
    return (await this.#list("/subjects", filter, String)).toSorted();
  }

  async versions(subject: string, filter: DeletedFilter): Promise<readonly number[]> {
    const path = pathOf("subjects", subject, "versions");
    return (await this.#list(path, filter, Number)).toSorted((a, b) => a - b);
  }

  async version(
    subject: string,
    version: SchemaVersion,
    { deleted = false }: { readonly deleted?: boolean } = {},
  ): Promise<RegisteredSchema | undefined> {
    if (version === "latest") {
      const newest = (await this.versions(subject, deleted ? "include" : "exclude")).at(-1);
      return newest === undefined ? undefined : this.version(subject, newest, { deleted });
    }
    const alive = await this.#answer(subject, version, false);
    if (alive !== undefined) return this.withSubject(alive, subject, version, false);
    const gone = deleted ? await this.#answer(subject, version, true) : undefined;
    return gone === undefined ? undefined : this.withSubject(gone, subject, version, true);
  }

  async schema(
    key: { readonly id: number } | { readonly guid: string },
  ): Promise<StoredSchema | undefined> {
    if ("guid" in key) return this.#byGuid(key.guid);
    const value = await this.#found("read a schema", pathOf("schemas", "ids", key.id));
    return value === undefined ? undefined : this.#stored(value, key.id);
  }

  async usages(id: number, filter: DeletedFilter): Promise<readonly SchemaUsage[]> {
    const path = pathOf("schemas", "ids", id, "versions");
    const read = (value: unknown): string => {
      const { subject, version } = value as SchemaUsage;
      return JSON.stringify([subject, version]);
    };
    const texts = await this.#list(path, filter, read);
    const usages = texts.map((text) => {
      const [subject, version] = JSON.parse(text) as [string, number];
      return { subject, version };
    });
    return usages.toSorted((left, right) =>
      left.subject === right.subject
        ? left.version - right.version
        : left.subject < right.subject
          ? -1
          : 1,
    );
  }

  async referencedBy(subject: string, version: number): Promise<readonly number[]> {
    const path = pathOf("subjects", subject, "versions", version, "referencedby");
    const ids = await this.#found("list references", path);
    return ((ids ?? []) as number[]).toSorted((a, b) => a - b);
  }

  async settings(subject: string | undefined): Promise<RegistrySettings> {
    const level = readLevel(await this.#found("read a level", settingPath("config", subject)));
    const mode = readMode(await this.#found("read a mode", settingPath("mode", subject)));
    return {
      ...(subject === undefined ? REGISTRY_DEFAULTS : {}),
      ...(level !== undefined && { level }),
      ...(mode !== undefined && { mode }),
    };
  }

  async close(): Promise<void> {
    this.rest.close();
  }

  /** What others registered and we can't read (Protobuf) is known by its text alone. */
  protected async fingerprints(schema: SchemaText): Promise<SchemaFingerprints> {
    const text = schema.schema;
    const parsed = await this.parse(schema).catch((error: unknown) => {
      if (asMillraceError(error).code !== "SCHEMA_INVALID") throw error;
      return { text, canonical: text };
    });
    return schemaFingerprints(schema, parsed);
  }

  protected async parse(schema: SchemaText): Promise<ParsedSchema> {
    const { schemaType, schema: text } = schema;
    const references = await this.#references(schema, { count: 0 });
    return parseSchema({ schemaType, schema: text, references });
  }

  /** What is at a path; undefined where the server says that there is nothing. */
  async #found(
    what: string,
    path: string,
    query: Readonly<Record<string, boolean | string>> = {},
  ): Promise<unknown> {
    const reply = await this.rest.ask("GET", path, { query });
    if (reply.ok) return reply.value;
    if (reply.status === 404) return undefined;
    throw unexpected(what, reply);
  }

  /** Servers that don't know `deletedOnly` ignore it: it is taken apart here. */
  async #list<Item extends string | number>(
    path: string,
    filter: DeletedFilter,
    read: (value: unknown) => Item,
  ): Promise<Item[]> {
    if (filter !== "only") return this.#pages(path, filter === "include", read);
    const alive = new Set(await this.#pages(path, false, read));
    return (await this.#pages(path, true, read)).filter((item) => !alive.has(item));
  }

  /** A whole list: some servers give a part of a long one, and don't say so. */
  async #pages<Item extends string | number>(
    path: string,
    deleted: boolean,
    read: (value: unknown) => Item,
  ): Promise<Item[]> {
    const items = new Set<Item>();
    for (let offset = 0; ; offset += PAGE_ITEMS) {
      const query = { deleted, offset: String(offset), limit: String(PAGE_ITEMS) };
      const page = ((await this.#found("list", path, query)) ?? []) as unknown[];
      const before = items.size;
      for (const value of page) items.add(read(value));
      // A server that overlooks `limit` gives everything, and one that overlooks `offset` the same.
      if (page.length !== PAGE_ITEMS || items.size === before) return [...items];
    }
  }

  async #byGuid(guid: string): Promise<StoredSchema | undefined> {
    const reply = await this.rest.ask("GET", pathOf("schemas", "guids", guid));
    if (reply.ok) {
      const ids = await this.#found("read ids", pathOf("schemas", "guids", guid, "ids"));
      const [first] = (ids ?? []) as { id: number }[];
      return first === undefined ? undefined : this.#stored(reply.value, first.id);
    }
    if (reply.errorCode === SCHEMA_UNKNOWN) return undefined;
    // A server without GUIDs: it has to be searched.
    for (const subject of await this.subjects("include")) {
      for (const version of await this.versions(subject, "include")) {
        const found = await this.version(subject, version, { deleted: true });
        if (found?.guid === guid) return this.schema({ id: found.id });
      }
    }
    return undefined;
  }

  #answer(subject: string, version: SchemaVersion, deleted: boolean): Promise<unknown> {
    const path = pathOf("subjects", subject, "versions", version);
    return this.#found("read a version", path, { deleted });
  }

  protected async withSubject(
    value: unknown,
    subject: string,
    version: number,
    deleted: boolean,
  ): Promise<RegisteredSchema> {
    const { id } = value as { id: number };
    return { ...(await this.#stored(value, id)), subject, version, deleted };
  }

  /** The schema in an answer; its GUID is ours where the server gives none. */
  async #stored(value: unknown, id: number): Promise<StoredSchema> {
    const { guid, ...schema } = readSchema(value);
    return { ...schema, id, guid: guid ?? (await this.fingerprints(schema)).guid };
  }

  /** The texts that a schema refers to. References always point to what was there before. */
  async #references(
    schema: SchemaText,
    total: { count: number },
  ): Promise<SchemaReferenceSource[]> {
    const sources: SchemaReferenceSource[] = [];
    for (const reference of schema.references ?? []) {
      if (++total.count > LIMITS.schemaReferencesMax) throw tooManyReferences();
      const { name, subject, version } = reference;
      const value = await this.#answer(subject, version === -1 ? "latest" : version, true);
      if (value === undefined) throw unknownReference(reference);
      const found = readSchema(value);
      const { schemaType, schema: text } = found;
      const references = await this.#references(found, total);
      sources.push({ name, schemaType, schema: text, references });
    }
    return sources;
  }
}

/** Where a setting of one subject, or of all, is. */
export const settingPath = (kind: "config" | "mode", subject: string | undefined): string =>
  subject === undefined ? pathOf(kind) : pathOf(kind, subject);
