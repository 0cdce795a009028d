import type { IncomingMessage } from "node:http";

/** A request to the collector, read whole; apart from any server. */
export interface CollectRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As sent: possibly compressed. */
  readonly body: Buffer;
  readonly remoteAddress: string;
}

export interface CollectResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What a node:http message says, with its body. */
export function collectRequest(message: IncomingMessage, body: Buffer): CollectRequest {
  const url = new URL(message.url ?? "/", "http://collector");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return {
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
    remoteAddress: message.socket.remoteAddress ?? "",
  };
}
