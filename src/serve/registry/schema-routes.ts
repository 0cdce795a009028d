import { LIMITS } from "../../core/limits.ts";
import type { Registry, StoredSchema } from "../../storage/registry/registry.ts";
import type { RegistryCall, RegistryRoute } from "./registry-http.ts";
import { amount, first, flag } from "./registry-http.ts";
import { RegistryRefusal } from "./registry-error.ts";
import { showSchema, showVersion } from "./schema-body.ts";
import { deletedFilter, subjectsBy } from "./subject-routes.ts";

/** `/schemas`: by the id or GUID that records carry. */
export function schemaRoutes(registry: Registry): readonly RegistryRoute[] {
  const usages = async (call: RegistryCall) =>
    registry.usages((await byId(registry, call)).id, deletedFilter(call.query));
  return [
    { method: "GET", pattern: "/schemas", answer: ({ query }) => list(registry, query) },
    { method: "GET", pattern: "/schemas/types", answer: async () => ["JSON", "AVRO"] },
    {
      method: "GET",
      pattern: "/schemas/ids/*",
      answer: async (call) => showSchema(await byId(registry, call)),
    },
    {
      method: "GET",
      pattern: "/schemas/ids/*/schema",
      answer: async (call) => JSON.parse((await byId(registry, call)).schema) as unknown,
    },
    { method: "GET", pattern: "/schemas/ids/*/versions", answer: usages },
    {
      method: "GET",
      pattern: "/schemas/ids/*/subjects",
      answer: async (call) => [...new Set((await usages(call)).map(({ subject }) => subject))],
    },
    {
      method: "GET",
      pattern: "/schemas/guids/*",
      answer: async (call) => {
        const found = await registry.schema({ guid: first(call).toLowerCase() });
        if (found !== undefined) return showSchema(found);
        throw new RegistryRefusal("schemaNotFound", `Schema ${first(call)} not found`);
      },
    },
    {
      method: "GET",
      pattern: "/schemas/guids/*/ids",
      answer: async (call) => {
        const found = await registry.schema({ guid: first(call).toLowerCase() });
        return found === undefined ? [] : [{ context: ".", id: found.id }];
      },
    },
  ];
}

/** Versions with their schemas: `subjectPrefix`, `latestOnly`, `deleted`, `offset`, `limit`. */
async function list(registry: Registry, query: URLSearchParams): Promise<readonly unknown[]> {
  const deleted = flag(query, "deleted");
  const filter = deletedFilter(query);
  const offset = amount(query, "offset", 0);
  const limit = Math.min(amount(query, "limit", LIMITS.schemasListedMax), LIMITS.schemasListedMax);
  const shown: unknown[] = [];
  let passed = 0;
  for (const subject of await subjectsBy(registry, query)) {
    const versions = await registry.versions(subject, filter);
    for (const version of flag(query, "latestOnly") ? versions.slice(-1) : versions) {
      if (passed++ < offset) continue;
      if (shown.length === limit) return shown;
      const found = await registry.version(subject, version, { deleted });
      if (found !== undefined) shown.push(showVersion(found));
    }
  }
  return shown;
}

async function byId(registry: Registry, call: RegistryCall): Promise<StoredSchema> {
  const text = first(call);
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  const found = await registry.schema({ id });
  if (found !== undefined) return found;
  throw new RegistryRefusal("schemaNotFound", `Schema ${text} not found`);
}
