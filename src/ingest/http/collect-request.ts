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
  /** Says that the body's bytes aren't needed any more; may be called again. */
  readonly release?: () => void;
}

export interface CollectResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What a node:http message says, with its body. */
export function collectRequest(message: IncomingMessage, body: Buffer): CollectRequest {
  const url = message.url ?? "/";
  const at = url.indexOf("?");
  return {
    method: message.method ?? "GET",
    path: at === -1 ? url : url.slice(0, at),
    query: new URLSearchParams(at === -1 ? "" : url.slice(at + 1)),
    // Only `set-cookie` is ever a list, and nobody reads it.
    headers: message.headers as Record<string, string | undefined>,
    body,
    remoteAddress: message.socket.remoteAddress ?? "",
  };
}
