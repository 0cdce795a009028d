import type { HttpAnswer, HttpRequest } from "../http/http-message.ts";
import type { RegistryApi } from "./registry-api.ts";

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
