import type { Incompatibility } from "../../language/schema/compatibility/incompatibility.ts";
import type { Registry, SchemaVersion } from "../../storage/registry/registry.ts";
import type { RegistryCall, RegistryRoute } from "./registry-http.ts";
import { first, flag } from "./registry-http.ts";
import { RegistryRefusal } from "./registry-error.ts";
import { readSchema, readSubject, readVersion } from "./schema-body.ts";

/** `/compatibility`: whether a schema could be registered, without registering it. */
export function compatibilityRoutes(registry: Registry): readonly RegistryRoute[] {
  return [
    {
      method: "POST",
      pattern: "/compatibility/subjects/*/versions",
      answer: (call) => check(registry, call, "all"),
    },
    {
      method: "POST",
      pattern: "/compatibility/subjects/*/versions/*",
      answer: (call) => check(registry, call, readVersion(call.parameters[1] ?? "")),
    },
  ];
}

async function check(
  registry: Registry,
  call: RegistryCall,
  version: SchemaVersion | "all",
): Promise<unknown> {
  const subject = readSubject(first(call));
  const schema = readSchema(call.body);
  // A subject without versions takes anything; a version that is named must be there.
  if (typeof version === "number" && !(await registry.version(subject, version))) {
    throw new RegistryRefusal("versionNotFound", `Version ${version} not found.`);
  }
  const found = await registry.check(subject, version, schema);
  return {
    is_compatible: found.length === 0,
    ...(flag(call.query, "verbose") ? { messages: found.map(show) } : {}),
  };
}

function show(found: Incompatibility): string {
  return `${found.kind} (${found.direction}): ${found.message}. ${found.hint}`;
}
