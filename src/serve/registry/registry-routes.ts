import type { HttpAnswer, HttpRequest } from "../http/http-message.ts";
import type { RouteDescription } from "../http/route.ts";
import type { RegistryApi } from "./registry-api.ts";
import { REGISTRY_CONTENT_TYPE, type RegistryRoute } from "./registry-http.ts";

const ROOT = "/registry";

/** Whether a path belongs to the registry. */
export const isRegistryPath = (path: string): boolean =>
  path === ROOT || path.startsWith(`${ROOT}/`);

/** Passes a request on to the registry's own API. */
export async function answerRegistry(api: RegistryApi, request: HttpRequest): Promise<HttpAnswer> {
  const path = request.path.slice(ROOT.length);
  return api({
    method: request.method,
    path: path === "" ? "/" : path,
    query: request.query,
    body: (await request.body()).toString("utf8"),
  });
}

/** What a parameter after a step of a path is called. */
const PARAMETER_NAMES: Readonly<Record<string, string>> = {
  subjects: "subject",
  versions: "version",
  ids: "id",
  guids: "guid",
  config: "subject",
  mode: "subject",
};

/** The registry's routes as the OpenAPI document shows them. */
export function describeRegistry(routes: readonly RegistryRoute[]): readonly RouteDescription[] {
  return routes.map(({ method, pattern }) => {
    const steps = pattern === "/" ? [] : pattern.split("/").slice(1);
    const names = steps.map((step, index) =>
      step === "*" ? (PARAMETER_NAMES[steps[index - 1] ?? ""] ?? "name") : undefined,
    );
    const path = steps.map((step, index) => `/${names[index] ? `{${names[index]}}` : step}`);
    return {
      method,
      path: `${ROOT}${path.join("")}`,
      access: "read",
      summary: `Confluent's Schema Registry: ${method} ${pattern}`,
      answers: REGISTRY_CONTENT_TYPE,
      parameters: names
        .filter((name) => name !== undefined)
        .map((name) => ({ name, in: "path", description: `The ${name}` })),
    };
  });
}
