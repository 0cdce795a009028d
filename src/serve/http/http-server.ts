import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { writeAnswer } from "./api.ts";
import { json, type HttpAnswer, type HttpRequest, type StreamingAnswer } from "./http-message.ts";

/** What answers requests; never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer | StreamingAnswer>;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  /** The environment variable that sets the port, for the error when it is taken. */
  readonly portVariable: string;
  /** May take a request over before it is read; true when it did. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly handler: HttpHandler;
}

/** A server that listens. */
export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Lets requests under way end, then closes; long-lived streams are cut. */
  close(): Promise<void>;
}

const NO_HOST = new MillraceError("PARAMETER_INVALID", "the request has no Host header", {
  field: "host",
});
const CLOSE_DURATION_MS_MAX = 5_000;

/** Starts a server; `PORT_TAKEN` when another program listens there. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({
    keepAliveTimeout: 30_000,
    requestTimeout: 60_000,
    requireHostHeader: false, // Node would refuse without a word
  });
  server.on("request", (request, response) => {
    if (request.headers.host === undefined && request.httpVersion === "1.1") {
      response.shouldKeepAlive = false;
      writeAnswer(response, json(NO_HOST.toJSON(), NO_HOST.status));
      return;
    }
    if (options.intercept?.(request, response) === true) return;
    void options.handler(toRequest(request, response)).then((answer) => {
      if (!response.destroyed) writeAnswer(response, answer, request.method);
    });
  });
  server.on("clientError", refuse);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_DURATION_MS_MAX);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const REFUSED: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "PARAMETER_INVALID",
    "the headers are too large",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    "408 Request Timeout",
    "PARAMETER_INVALID",
    "the request took too long",
  ],
};

/** Answers what isn't HTTP, or is too slow or too large, and closes the connection. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const unknown = [
    "400 Bad Request",
    "PARAMETER_INVALID",
    "the request isn't HTTP that is understood here",
  ] as const;
  const [status, code, message] = REFUSED[error.code ?? ""] ?? unknown;
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function listen(server: Server, { host, port, portVariable }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      reject(
        new MillraceError(
          taken ? "PORT_TAKEN" : "CONFIG_INVALID",
          taken ? `port ${port} is taken` : `can't listen on ${host}:${port}: ${cause.message}`,
          {
            field: portVariable,
            hint: `set ${portVariable} to another port, or to 0 for any free one`,
            cause,
          },
        ),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

function toRequest(message: IncomingMessage, response: ServerResponse): HttpRequest {
  const url = message.url ?? "/";
  const at = url.indexOf("?");
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    method: message.method ?? "GET",
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? "" : url.slice(at + 1)),
    headers: message.headers,
    remoteAddress: message.socket.remoteAddress ?? "",
    body: () => readAll(message),
    signal: gone.signal,
  };
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > LIMITS.bodyBytesMax) {
      throw new MillraceError(
        "BODY_TOO_LARGE",
        `the body has more than ${LIMITS.bodyBytesMax} bytes`,
      );
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
