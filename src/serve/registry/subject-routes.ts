import type {
  DeletedFilter,
  DeleteRefusal,
  RegisteredSchema,
  Registry,
  SchemaVersion,
} from "../../storage/registry/registry.ts";
import type { RegistryCall, RegistryRoute } from "./registry-http.ts";
import { amount, first, flag } from "./registry-http.ts";
import type { REGISTRY_ERRORS } from "./registry-error.ts";
import { RegistryRefusal } from "./registry-error.ts";
import { readSchema, readSubject, readVersion, showVersion } from "./schema-body.ts";

/** `/subjects`: versions of subjects, registering and deleting. */
export function subjectRoutes(registry: Registry): readonly RegistryRoute[] {
  return [
    {
      method: "GET",
      pattern: "/subjects",
      answer: async ({ query }) => page(await subjectsBy(registry, query), query),
    },
    { method: "POST", pattern: "/subjects/*", answer: (call) => lookUp(registry, call) },
    {
      method: "DELETE",
      pattern: "/subjects/*",
      answer: async (call) => {
        const subject = readSubject(first(call));
        const result = await registry.deleteSubject(subject, flag(call.query, "permanent"));
        return result.ok ? result.versions : refuseDeletion(result.reason, subject);
      },
    },
    {
      method: "GET",
      pattern: "/subjects/*/versions",
      answer: async (call) => {
        const subject = readSubject(first(call));
        const versions = await registry.versions(subject, deletedFilter(call.query));
        return versions.length > 0 ? page(versions, call.query) : unknownSubject(subject);
      },
    },
    {
      method: "POST",
      pattern: "/subjects/*/versions",
      answer: async (call) => {
        const normalize = flag(call.query, "normalize");
        const subject = readSubject(first(call));
        const schema = readSchema(call.body);
        return showVersion(await registry.register(subject, schema, { normalize }));
      },
    },
    {
      method: "GET",
      pattern: "/subjects/*/versions/*",
      answer: async (call) => showVersion(await findVersion(registry, call)),
    },
    {
      method: "DELETE",
      pattern: "/subjects/*/versions/*",
      answer: async (call) => {
        const { subject, version } = addressed(call);
        const permanent = flag(call.query, "permanent");
        const result = await registry.deleteVersion(subject, version, permanent);
        return result.ok ? result.versions[0] : refuseDeletion(result.reason, subject, version);
      },
    },
    {
      method: "GET",
      pattern: "/subjects/*/versions/*/schema",
      answer: async (call) => JSON.parse((await findVersion(registry, call)).schema) as unknown,
    },
    {
      method: "GET",
      pattern: "/subjects/*/versions/*/referencedby",
      answer: async (call) => {
        const { subject, version } = await findVersion(registry, call);
        return registry.referencedBy(subject, version);
      },
    },
    {
      method: "GET",
      pattern: "/subjects/*/metadata",
      answer: (call) => byMetadata(registry, call),
    },
  ];
}

/** The subjects that a query asks for. There is one context only, so all are in it (`:*:`). */
export async function subjectsBy(
  registry: Registry,
  query: URLSearchParams,
): Promise<readonly string[]> {
  const prefix = (query.get("subjectPrefix") ?? "").replace(/^:\*:/, "");
  const subjects = await registry.subjects(deletedFilter(query));
  return subjects.filter((subject) => subject.startsWith(prefix));
}

/** The part of a list that a query asks for by `offset` and `limit`. */
function page<Item>(items: readonly Item[], query: URLSearchParams): readonly Item[] {
  const offset = amount(query, "offset", 0);
  return items.slice(offset, offset + amount(query, "limit", Infinity));
}

/** Which deleted things a query asks for. */
export function deletedFilter(query: URLSearchParams): DeletedFilter {
  if (flag(query, "deletedOnly")) return "only";
  return flag(query, "deleted") ? "include" : "exclude";
}

async function lookUp(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = readSubject(first(call));
  const deleted = flag(call.query, "deleted");
  const found = await registry.lookup(subject, readSchema(call.body), {
    normalize: flag(call.query, "normalize"),
    deleted,
  });
  if (found !== undefined) return showVersion(found);
  const versions = await registry.versions(subject, deleted ? "include" : "exclude");
  if (versions.length === 0) return unknownSubject(subject);
  throw new RegistryRefusal("schemaNotFound", "Schema not found");
}

/** The newest version whose metadata has all the properties that are asked for. */
async function byMetadata(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = readSubject(first(call));
  const deleted = flag(call.query, "deleted");
  const values = call.query.getAll("value");
  const wanted = call.query.getAll("key").map((key, index) => [key, values[index]] as const);
  const versions = await registry.versions(subject, deleted ? "include" : "exclude");
  if (versions.length === 0) return unknownSubject(subject);
  for (const version of versions.toReversed()) {
    const found = await registry.version(subject, version, { deleted });
    const properties = propertiesOf(found);
    if (found !== undefined && wanted.every(([key, value]) => properties.get(key) === value)) {
      return showVersion(found);
    }
  }
  throw new RegistryRefusal("schemaNotFound", "No version has this metadata");
}

function propertiesOf(schema: RegisteredSchema | undefined): ReadonlyMap<string, unknown> {
  const metadata = JSON.parse(schema?.metadata ?? "{}") as { properties?: unknown };
  const { properties } = metadata;
  return new Map(typeof properties === "object" ? Object.entries(properties ?? {}) : []);
}

async function findVersion(registry: Registry, call: RegistryCall): Promise<RegisteredSchema> {
  const { subject, version } = addressed(call);
  const deleted = flag(call.query, "deleted");
  const found = await registry.version(subject, version, { deleted });
  if (found !== undefined) return found;
  const known = await registry.versions(subject, deleted ? "include" : "exclude");
  if (known.length === 0) return unknownSubject(subject);
  throw new RegistryRefusal("versionNotFound", `Version ${version} not found.`);
}

function addressed(call: RegistryCall): { subject: string; version: SchemaVersion } {
  const subject = readSubject(first(call));
  return { subject, version: readVersion(call.parameters[1] ?? "") };
}

/** Ends a request about a subject that isn't there. */
export function unknownSubject(subject: string): never {
  throw new RegistryRefusal("subjectNotFound", `Subject '${subject}' not found.`);
}

function refuseDeletion(reason: DeleteRefusal, subject: string, version?: SchemaVersion): never {
  const what =
    version === undefined ? `Subject '${subject}'` : `Subject '${subject}' Version ${version}`;
  const refusals: Readonly<Record<DeleteRefusal, readonly [keyof typeof REGISTRY_ERRORS, string]>> =
    {
      "subject-unknown": ["subjectNotFound", `Subject '${subject}' not found.`],
      "version-unknown": ["versionNotFound", `Version ${version} not found.`],
      "already-deleted": [
        version === undefined ? "subjectSoftDeleted" : "versionSoftDeleted",
        `${what} was soft deleted. Set permanent=true to delete permanently`,
      ],
      "not-deleted": [
        version === undefined ? "subjectNotSoftDeleted" : "versionNotSoftDeleted",
        `${what} was not deleted first before being permanently deleted`,
      ],
      referenced: ["referenceExists", `One or more references exist to ${what}`],
    };
  throw new RegistryRefusal(...refusals[reason]);
}
