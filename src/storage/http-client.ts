import { Agent as PlainAgent, request as plainRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { MillraceError, type ErrorCode } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/** A server that an adapter talks to by HTTP. */
export interface HttpServer {
  /** For messages: `the schema registry`. */
  readonly name: string;
  /** The code of an error that tells that it can't be reached. */
  readonly unavailable: ErrorCode;
  /** Authorities beside the system's that may sign its certificate, as PEM texts. */
  readonly ca?: string;
}

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * HTTP requests over connections that are kept. Node's `fetch` can't be given an authority, which
 * servers inside a company need.
 */
export class HttpClient {
  readonly #server: HttpServer;
  readonly #plain = new PlainAgent({ keepAlive: true });
  readonly #tls: TlsAgent;

  constructor(server: HttpServer) {
    this.#server = server;
    this.#tls = new TlsAgent({
      keepAlive: true,
      ...(server.ca !== undefined && { ca: server.ca }),
    });
  }

  /** Any answer, whatever its status. Throws `unavailable` where there is none. */
  async send(call: HttpCall): Promise<HttpReply> {
    try {
      return await this.#once(call);
    } catch (error) {
      // The server may close a kept connection in the moment in which it is used again.
      if (!(error instanceof StaleConnection)) throw this.#unavailable(call, error);
    }
    try {
      return await this.#once(call);
    } catch (error) {
      throw this.#unavailable(call, error);
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }

  #once({ method, url, headers, body = "" }: HttpCall): Promise<HttpReply> {
    const isTls = url.protocol === "https:";
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    return new Promise((resolve, reject) => {
      const request = (isTls ? tlsRequest : plainRequest)(url, {
        method,
        agent: isTls ? this.#tls : this.#plain,
        headers: { "content-length": String(bytes.length), ...headers },
      });
      request.setTimeout(LIMITS.httpSilenceMsMax, () =>
        request.destroy(new Error(`silent for ${LIMITS.httpSilenceMsMax} ms`)),
      );
      request.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnection() : error);
      });
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length <= LIMITS.httpReplyBytesMax) chunks.push(chunk);
          else response.destroy(new Error(`more than ${LIMITS.httpReplyBytesMax} bytes`));
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.end(bytes);
    });
  }

  #unavailable({ method, url }: HttpCall, error: unknown): MillraceError {
    return new MillraceError(
      this.#server.unavailable,
      `${this.#server.name} at ${url.origin} doesn't answer ${method} ${url.pathname}: ${said(error)}`,
      { hint: "see that it runs and can be reached from here", cause: error },
    );
  }
}

class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

/** A refused connection to several addresses has no message of its own. */
function said(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return said(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
