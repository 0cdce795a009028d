import type { CompatibilityLevel } from "../../language/schema/compatibility/compatibility-level.ts";
import {
  COMPATIBILITY_LEVELS,
  isCompatibilityLevel,
} from "../../language/schema/compatibility/compatibility-level.ts";
import type { Registry, RegistryMode } from "../../storage/registry/registry.ts";
import type { RegistryCall, RegistryRoute } from "./registry-http.ts";
import { flag } from "./registry-http.ts";
import { RegistryRefusal } from "./registry-error.ts";
import { readBody, readSubject } from "./schema-body.ts";

/** `/config` and `/mode`: compatibility level and mode, of all subjects and of one. */
export function settingsRoutes(registry: Registry): readonly RegistryRoute[] {
  const routes: RegistryRoute[] = [];
  for (const suffix of ["", "/*"]) {
    const level = `/config${suffix}`;
    const mode = `/mode${suffix}`;
    routes.push(
      { method: "GET", pattern: level, answer: (call) => getLevel(registry, call) },
      { method: "PUT", pattern: level, answer: (call) => putLevel(registry, call) },
      { method: "DELETE", pattern: level, answer: (call) => deleteLevel(registry, call) },
      { method: "GET", pattern: mode, answer: (call) => getMode(registry, call) },
      { method: "PUT", pattern: mode, answer: (call) => putMode(registry, call) },
      { method: "DELETE", pattern: mode, answer: (call) => deleteMode(registry, call) },
    );
  }
  return routes;
}

async function getLevel(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = subjectOf(call);
  const own = (await registry.settings(subject)).level;
  const level =
    own ??
    (flag(call.query, "defaultToGlobal") ? (await registry.settings(undefined)).level : undefined);
  return { compatibilityLevel: level ?? levelMissing(subject) };
}

async function putLevel(registry: Registry, call: RegistryCall): Promise<unknown> {
  const { compatibility, compatibilityLevel, ...others } = readBody(call.body);
  const level = compatibility ?? compatibilityLevel;
  if (!isCompatibilityLevel(level)) {
    throw new RegistryRefusal(
      "invalidLevel",
      `Invalid compatibility level. Valid values are ${Object.keys(COMPATIBILITY_LEVELS).join(", ")}`,
    );
  }
  const unknown = Object.entries(others).filter(([, value]) => value !== null);
  if (unknown.length > 0) {
    throw new RegistryRefusal(
      "unprocessable",
      `Only compatibility can be set here, not ${unknown.map(([key]) => key).join(", ")}`,
    );
  }
  await registry.configure(subjectOf(call), { level });
  return { compatibility: level };
}

async function deleteLevel(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = subjectOf(call);
  const level = (await registry.settings(subject)).level ?? levelMissing(subject);
  await registry.configure(subject, { level: null });
  return { compatibilityLevel: level };
}

async function getMode(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = subjectOf(call);
  const own = (await registry.settings(subject)).mode;
  const mode =
    own ??
    (flag(call.query, "defaultToGlobal") ? (await registry.settings(undefined)).mode : undefined);
  return { mode: mode ?? modeMissing(subject) };
}

async function putMode(registry: Registry, call: RegistryCall): Promise<unknown> {
  const { mode } = readBody(call.body);
  if (!isMode(mode)) {
    throw new RegistryRefusal("invalidMode", "Invalid mode. Valid values are READWRITE, READONLY");
  }
  await registry.configure(subjectOf(call), { mode });
  return { mode };
}

async function deleteMode(registry: Registry, call: RegistryCall): Promise<unknown> {
  const subject = subjectOf(call);
  const mode = (await registry.settings(subject)).mode ?? modeMissing(subject);
  await registry.configure(subject, { mode: null });
  return { mode };
}

function isMode(value: unknown): value is RegistryMode {
  return value === "READWRITE" || value === "READONLY";
}

/** The subject of the path; undefined when all subjects are meant. */
function subjectOf(call: RegistryCall): string | undefined {
  const [subject] = call.parameters;
  return subject === undefined ? undefined : readSubject(subject);
}

function levelMissing(subject: string | undefined): CompatibilityLevel {
  throw new RegistryRefusal(
    "subjectLevelNotConfigured",
    `Subject '${subject}' does not have subject-level compatibility configured`,
  );
}

function modeMissing(subject: string | undefined): RegistryMode {
  throw new RegistryRefusal(
    "subjectModeNotConfigured",
    `Subject '${subject}' does not have subject-level mode configured`,
  );
}
