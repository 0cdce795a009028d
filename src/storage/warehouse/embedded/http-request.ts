import type { IncomingMessage } from "node:http";
import { EngineError } from "./engine-error.ts";

/** One request in ClickHouse's HTTP protocol, without its body. */
export interface HttpQuery {
  readonly method: string;
  readonly path: string;
  /** The `query` of the URL; the body goes after it, on a new line. */
  readonly query: string;
  readonly user: string;
  readonly key: string;
  readonly database: string | undefined;
  readonly format: string | undefined;
  readonly queryId: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** Revision of the protocol whose blocks the client expects in format Native; 0: plain. */
  readonly revision: number;
  /** Whether the client asks for the result piece by piece (`wait_end_of_query=0`). */
  readonly stream: boolean;
  /** Whether the client lets the server compress its answer. */
  readonly compress: boolean;
}

/** Parameters of the URL that are neither settings nor parameters of the query. */
const RESERVED = new Set([
  "query",
  "database",
  "default_format",
  "query_id",
  "user",
  "password",
  "quota_key",
  "role",
  "stacktrace",
  "session_timeout",
  "session_check",
  "wait_end_of_query",
  "buffer_size",
  "add_http_cors_header",
  "enable_http_compression",
  "http_zlib_compression_level",
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
  "http_write_exception_in_output_format",
  "http_response_buffer_size",
  "cancel_http_readonly_queries_on_client_close",
  "client_protocol_version",
  "decompress",
  "compress",
  "session_id",
]);

/** Reads the URL and the headers. Throws `EngineError` for what this server can't do. */
export function readRequest(request: IncomingMessage): HttpQuery {
  const url = new URL(request.url ?? "/", "http://localhost");
  const get = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  refuseUnsupported(get);
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const basic = basicAuth(header("authorization"));
  const settings: Record<string, string> = {};
  const params: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (name.startsWith("param_")) params[name.slice("param_".length)] = value;
    else if (!RESERVED.has(name)) settings[name] = value;
  }
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: get("query") ?? "",
    user: header("x-clickhouse-user") ?? basic?.user ?? get("user") ?? "default",
    key: header("x-clickhouse-key") ?? basic?.key ?? get("password") ?? "",
    database: header("x-clickhouse-database") ?? get("database"),
    format: header("x-clickhouse-format") ?? get("default_format"),
    queryId: header("x-clickhouse-query-id") ?? get("query_id"),
    settings,
    params,
    revision: Number(get("client_protocol_version") ?? 0) || 0,
    stream: get("wait_end_of_query") === "0",
    compress: get("enable_http_compression") === "1",
  };
}

function refuseUnsupported(get: (name: string) => string | undefined): void {
  const refuse = (what: string, instead: string): never => {
    throw EngineError.of(48, "NOT_IMPLEMENTED", `${what} isn't supported here: ${instead}`);
  };
  if (get("compress") === "1" || get("decompress") === "1") {
    refuse(
      "ClickHouse's own block compression (compress=1, decompress=1)",
      "set the client's option `compress` to false, or use HTTP compression (gzip)",
    );
  }
  if (get("session_id") !== undefined) {
    refuse("An HTTP session (session_id)", "send settings with each query, in the URL");
  }
}

function basicAuth(header: string | undefined): { user: string; key: string } | undefined {
  const encoded = /^basic\s+(.+)$/i.exec(header ?? "")?.[1];
  const bearer = /^bearer\s+(.+)$/i.exec(header ?? "")?.[1];
  if (bearer !== undefined) return { user: "admin", key: bearer };
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0
    ? { user: text, key: "" }
    : { user: text.slice(0, colon), key: text.slice(colon + 1) };
}
