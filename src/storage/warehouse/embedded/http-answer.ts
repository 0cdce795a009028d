import type { ServerResponse } from "node:http";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from "node:zlib";
import type { EngineError } from "./engine-error.ts";
import { statusOf } from "./engine-error.ts";

/** What the engine counted for a query; ClickHouse writes all of them as text. */
export interface Summary {
  readonly readRows: number;
  readonly readBytes: number;
}

/** One answer: headers when the first bytes are known, then the body, compressed if wished. */
export class HttpAnswer {
  readonly #response: ServerResponse;
  readonly #encoding: string | undefined;
  readonly #head: boolean;
  readonly #version: string;
  #out: Writable | undefined;

  constructor(
    response: ServerResponse,
    options: { accepted: string | undefined; head: boolean; version: string },
  ) {
    this.#response = response;
    this.#head = options.head;
    this.#version = options.version;
    this.#encoding = options.accepted === undefined ? undefined : chooseEncoding(options.accepted);
  }

  get started(): boolean {
    return this.#out !== undefined;
  }

  /** Sends the headers of a good answer. */
  start(contentType: string, format: string, summary: Summary | undefined): void {
    const response = this.#response;
    response.statusCode = 200;
    response.setHeader("Content-Type", contentType);
    response.setHeader("X-ClickHouse-Format", format);
    response.setHeader("X-ClickHouse-Timezone", "UTC");
    response.setHeader("X-ClickHouse-Summary", summaryText(summary));
    this.#out = this.#body();
  }

  #body(): Writable {
    const encoder = this.#encoding === undefined ? undefined : encoderOf(this.#encoding);
    if (encoder === undefined || this.#head) return this.#response;
    this.#response.setHeader("Content-Encoding", this.#encoding ?? "");
    encoder.pipe(this.#response);
    // A client that goes away must not leave a writer waiting for a drain that never comes.
    this.#response.on("close", () => encoder.destroy());
    return encoder;
  }

  /** Writes a piece and waits until the client can take more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#head || this.#out === undefined || bytes.length === 0) return;
    if (this.#out.destroyed || this.#response.destroyed) throw new Error("the client went away");
    if (this.#out.write(bytes)) return;
    await Promise.race([once(this.#out, "drain"), once(this.#response, "close")]);
  }

  end(): void {
    (this.#out ?? this.#response).end();
  }

  /** Sends an error; in the middle of an answer, cuts the connection so that nobody takes it whole. */
  fail(error: EngineError): void {
    const response = this.#response;
    if (this.started) {
      response.destroy();
      return;
    }
    const body = `${error.message} (version ${this.#version})\n`;
    response.statusCode = statusOf(error.code);
    response.setHeader("Content-Type", "text/plain; charset=UTF-8");
    response.setHeader("X-ClickHouse-Exception-Code", String(error.code));
    response.end(this.#head ? undefined : body);
  }
}

function summaryText(summary: Summary | undefined): string {
  return JSON.stringify({
    read_rows: String(summary?.readRows ?? 0),
    read_bytes: String(summary?.readBytes ?? 0),
    written_rows: "0",
    written_bytes: "0",
    total_rows_to_read: "0",
    result_rows: "0",
    result_bytes: "0",
    elapsed_ns: "0",
  });
}

function chooseEncoding(accepted: string): string | undefined {
  const names = accepted.split(",").map((each) => each.split(";")[0]?.trim().toLowerCase());
  return ["zstd", "gzip", "deflate", "br"].find((each) => names.includes(each));
}

function encoderOf(encoding: string): ReturnType<typeof createGzip> {
  if (encoding === "zstd") return createZstdCompress();
  if (encoding === "br") return createBrotliCompress();
  return encoding === "deflate" ? createDeflate() : createGzip({ level: 3 });
}
