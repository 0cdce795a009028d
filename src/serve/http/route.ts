import type { HttpAnswer, HttpRequest, StreamingAnswer } from "./http-message.ts";

/** Who may use a route: anyone, those who may read this project's data, or send to it. */
export type RouteAccess = "open" | "read" | "write";

/** One parameter of a route, as the OpenAPI document shows it. */
export interface RouteParameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description: string;
  readonly required?: boolean;
}

/** What the documentation says of one address of the API. */
export interface RouteDescription {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Segments in braces are parameters: `/v1/metrics/{name}`. */
  readonly path: string;
  readonly access: RouteAccess;
  readonly summary: string;
  readonly parameters?: readonly RouteParameter[];
  /** Media type of the answer; JSON by default. */
  readonly answers?: string;
}

/** One address of the API: what it does, and what its documentation says. */
export interface Route extends RouteDescription {
  handle(
    request: HttpRequest,
    parameters: Readonly<Record<string, string>>,
  ): Promise<HttpAnswer | StreamingAnswer> | HttpAnswer | StreamingAnswer;
}

/** What a path matched: a route with its parameters, or only other methods. */
export type RouteMatch =
  | { readonly route: Route; readonly parameters: Readonly<Record<string, string>> }
  | { readonly otherMethods: readonly string[] };

/**
 * Finds the route of a request among a fixed list. `elsewhere` are addresses that something before
 * the table answers: whoever asks for one here did it by another method.
 */
export function createRouteTable(
  routes: readonly Route[],
  elsewhere: readonly RouteDescription[] = [],
) {
  const compile = <R extends RouteDescription>(list: readonly R[]) =>
    list.map((route) => ({ route, segments: route.path.split("/") }));
  const compiled = compile(routes);
  const others = compile(elsewhere);
  return (method: string, path: string): RouteMatch => {
    const segments = path.split("/");
    const methods: string[] = [];
    for (const { route, segments: pattern } of compiled) {
      const parameters = matchSegments(pattern, segments);
      if (parameters === undefined) continue;
      const wanted = method === "HEAD" ? "GET" : method;
      if (route.method === wanted) return { route, parameters };
      methods.push(route.method, ...(route.method === "GET" ? ["HEAD"] : []));
    }
    for (const { route, segments: pattern } of others) {
      if (matchSegments(pattern, segments) !== undefined) methods.push(route.method, "OPTIONS");
    }
    return { otherMethods: [...new Set(methods)] };
  };
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index]!;
    if (expected.startsWith("{")) {
      const decoded = decode(segment);
      if (decoded === undefined || decoded === "") return undefined;
      parameters[expected.slice(1, -1)] = decoded;
    } else if (expected !== segment) return undefined;
  }
  return parameters;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
