import type { Registry } from "../../storage/registry/registry.ts";
import { compatibilityRoutes } from "./compatibility-routes.ts";
import { asRefusal, RegistryRefusal } from "./registry-error.ts";
import type { RegistryRequest, RegistryResponse, RegistryRoute } from "./registry-http.ts";
import { REGISTRY_CONTENT_TYPE } from "./registry-http.ts";
import { schemaRoutes } from "./schema-routes.ts";
import { settingsRoutes } from "./settings-routes.ts";
import { subjectRoutes } from "./subject-routes.ts";

/** Answers the requests below `/registry`. Never rejects. */
export type RegistryApi = (request: RegistryRequest) => Promise<RegistryResponse>;

/**
 * The part of Confluent's Schema Registry REST API that its clients use
 * (`docs/reference/registry.md` lists it), over any adapter. `onDefect` is told of what should
 * not have happened; the caller sees only that something did.
 */
export function createRegistryApi(
  registry: Registry,
  onDefect: (error: unknown) => void = () => {},
): RegistryApi {
  const routes = registryRoutes(registry);
  return async (request) => {
    try {
      const { route, parameters } = findRoute(routes, request);
      const { query, body } = request;
      return respond(200, await route.answer({ parameters, query, body }));
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.status >= 500) onDefect(error);
      return respond(refusal.status, { error_code: refusal.errorCode, message: refusal.message });
    }
  };
}

/** Every route of the registry's API. */
export const registryRoutes = (registry: Registry): readonly RegistryRoute[] => [
  { method: "GET", pattern: "/", answer: async () => ({}) },
  { method: "GET", pattern: "/contexts", answer: async () => ["."] },
  ...subjectRoutes(registry),
  ...schemaRoutes(registry),
  ...settingsRoutes(registry),
  ...compatibilityRoutes(registry),
];

function respond(status: number, value: unknown): RegistryResponse {
  return {
    status,
    headers: { "content-type": REGISTRY_CONTENT_TYPE },
    body: JSON.stringify(value),
  };
}

function findRoute(
  routes: readonly RegistryRoute[],
  { method, path }: RegistryRequest,
): { route: RegistryRoute; parameters: readonly string[] } {
  const steps = path.replace(/\/+$/, "").split("/");
  const fitting = routes.flatMap((route) => {
    const parameters = match(route.pattern, steps);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  if (fitting.length === 0) throw new RegistryRefusal("notFound", "HTTP 404 Not Found");
  throw new RegistryRefusal(
    "methodNotAllowed",
    `${method} isn't possible here: use ${fitting.map(({ route }) => route.method).join(" or ")}`,
  );
}

/** The parameters of a path that fits a pattern. */
function match(pattern: string, steps: readonly string[]): readonly string[] | undefined {
  const wanted = pattern === "/" ? [""] : pattern.split("/");
  if (wanted.length !== steps.length) return undefined;
  const parameters: string[] = [];
  for (const [index, want] of wanted.entries()) {
    const step = steps[index] ?? "";
    if (want === "*") parameters.push(decode(step));
    else if (want !== step) return undefined;
  }
  return parameters;
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    throw new RegistryRefusal("badRequest", "The path has an incomplete percent-encoding");
  }
}
