import type { CollectRequest } from "./collect-request.ts";

const DAY_S = 86_400;

/** Headers by which any site's pages may send events; for paths that collect, and no others. */
export function corsHeaders(request: CollectRequest): Record<string, string> {
  const origin = request.headers["origin"];
  if (origin === undefined) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    vary: "Origin",
  };
}

/** The answer to a preflight request. */
export function preflightHeaders(request: CollectRequest): Record<string, string> {
  const asked = request.headers["access-control-request-headers"];
  return {
    ...corsHeaders(request),
    "access-control-allow-methods": "GET, POST, PUT, OPTIONS",
    "access-control-allow-headers":
      asked ??
      "authorization, content-type, content-encoding, x-write-key, anonymousid, sentat, x-retry-count",
    "access-control-max-age": String(DAY_S),
  };
}
