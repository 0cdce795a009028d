import type { IncomingMessage } from "node:http";
import type { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { EngineError } from "./engine-error.ts";

/** The body of a request, decompressed by its Content-Encoding. */
export function requestBody(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"] ?? "identity";
  const decoder = decoderOf(encoding);
  if (decoder === undefined) return request;
  // Errors of the source end the decoder too; the reader of the decoder sees them.
  request.on("error", (error) => decoder.destroy(error));
  request.on("aborted", () => decoder.destroy(new Error("the client went away")));
  return request.pipe(decoder);
}

function decoderOf(encoding: string): PassThrough | ReturnType<typeof createGunzip> | undefined {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return undefined;
    case "gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress();
    default:
      throw EngineError.of(
        48,
        "NOT_IMPLEMENTED",
        `Unknown compression method: ${encoding}; send gzip, deflate, br or zstd`,
      );
  }
}

/** A body as one text, or an error when it is longer than `bytesMax`. */
export async function bodyText(body: Readable, bytesMax: number): Promise<string> {
  return (await bodyBytes(body, bytesMax)).toString("utf8");
}

/** A body as bytes, or an error when it is longer than `bytesMax`. */
export async function bodyBytes(body: Readable, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
    length += bytes.length;
    if (length > bytesMax) {
      throw EngineError.of(62, "SYNTAX_ERROR", `Query is larger than ${bytesMax} bytes`);
    }
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

/** Writes a body to a file as it comes. */
export async function bodyToFile(
  first: Uint8Array,
  body: Readable | undefined,
  path: string,
): Promise<void> {
  const file = createWriteStream(path, { mode: 0o600, highWaterMark: 1024 * 1024 });
  if (first.length > 0) file.write(first);
  if (body === undefined) {
    await new Promise<void>((resolve, reject) => {
      file.on("error", reject);
      file.end(() => resolve());
    });
  } else await pipeline(body, file);
}
