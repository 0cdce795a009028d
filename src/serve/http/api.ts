import type { ServerResponse } from "node:http";
import { asMillraceError, MillraceError } from "../../core/errors.ts";
import type { ReadAccess } from "./access.ts";
import { json, type HttpAnswer, type HttpRequest, type StreamingAnswer } from "./http-message.ts";
import { createRouteTable, type Route, type RouteDescription } from "./route.ts";

/** Answers a request; every error becomes an answer of the one form. */
export type Api = (request: HttpRequest) => Promise<HttpAnswer | StreamingAnswer>;

export interface ApiOptions {
  readonly routes: readonly Route[];
  /** Addresses that are answered before the API is asked. */
  readonly elsewhere?: readonly RouteDescription[];
  readonly access: ReadAccess;
  /** Told of defects; the caller sees only that something went wrong. */
  readonly onDefect: (error: MillraceError) => void;
}

/** The query API over its routes. */
export function createApi({ routes, elsewhere, access, onDefect }: ApiOptions): Api {
  const find = createRouteTable(routes, elsewhere);
  return async (request) => {
    try {
      const match = find(request.method, request.path);
      if ("otherMethods" in match) {
        return withAllow(errorAnswer(noRoute(request, match.otherMethods), onDefect), match);
      }
      if (match.route.access === "read") access(request);
      return await match.route.handle(request, match.parameters);
    } catch (thrown) {
      return errorAnswer(asMillraceError(thrown), onDefect);
    }
  };
}

/** RFC 9110: a 405 says which methods there are. */
function withAllow(
  answer: HttpAnswer,
  { otherMethods }: { readonly otherMethods: readonly string[] },
): HttpAnswer {
  if (otherMethods.length === 0) return answer;
  return { ...answer, headers: { ...answer.headers, allow: otherMethods.join(", ") } };
}

/** The answer that carries an error. */
export function errorAnswer(
  error: MillraceError,
  onDefect: (error: MillraceError) => void,
): HttpAnswer {
  if (error.code === "INTERNAL") onDefect(error);
  const answer = json(error.toJSON(), error.status);
  if (error.status !== 401) return answer;
  return { ...answer, headers: { ...answer.headers, "www-authenticate": "Bearer" } };
}

function noRoute(request: HttpRequest, methods: readonly string[]): MillraceError {
  if (methods.length === 0) {
    return new MillraceError("NOT_FOUND", `there is nothing at ${request.path}`, {
      hint: "GET /openapi.json lists what there is",
    });
  }
  return new MillraceError("METHOD_NOT_ALLOWED", `${request.path} takes ${methods.join(", ")}`, {
    hint: `not ${request.method}`,
  });
}

/** Writes an answer to the wire; a HEAD request gets no body. */
export function writeAnswer(
  response: ServerResponse,
  answer: HttpAnswer | StreamingAnswer,
  method = "GET",
): void {
  if ("stream" in answer) {
    response.writeHead(answer.status, answer.headers);
    answer.stream(response);
    return;
  }
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : (answer.body ?? "");
  response.writeHead(answer.status, {
    "content-length": String(body.length),
    "x-content-type-options": "nosniff",
    ...answer.headers,
  });
  response.end(method === "HEAD" ? undefined : body);
}
