import type { IncomingHttpHeaders, ServerResponse } from "node:http";

/** A request as a route sees it. */
export interface HttpRequest {
  readonly method: string;
  /** Percent-decoded segments are in `parameters`; this is the path as sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** The whole body, up to its limit (`BODY_TOO_LARGE`). */
  body(): Promise<Buffer>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** An answer that the route writes itself, such as a stream of events. */
export interface StreamingAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  stream(response: ServerResponse): void;
}

/** An answer of JSON. */
export const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  body: `${JSON.stringify(value)}\n`,
});

/** An answer of plain text. */
export const text = (body: string, status = 200, type = "text/plain"): HttpAnswer => ({
  status,
  headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" },
  body,
});
