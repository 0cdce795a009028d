import { promisify } from "node:util";
import {
  brotliDecompress,
  gunzip,
  inflate,
  inflateRaw,
  zstdDecompress,
  type InputType,
} from "node:zlib";
import { MillraceError } from "../../core/errors.ts";
import { tooLarge } from "./read-body.ts";

type Inflate = (body: InputType, options: { maxOutputLength: number }) => Promise<Buffer>;

const GUNZIP = promisify(gunzip) as Inflate;
const ZSTD = promisify(zstdDecompress) as Inflate;
const BROTLI = promisify(brotliDecompress) as Inflate;
const INFLATE = promisify(inflate) as Inflate;
const INFLATE_RAW = promisify(inflateRaw) as Inflate;

/**
 * The bytes of a body. What its own first bytes say comes before any header: clients send gzip
 * without a word, and name it where there is none. Stops at `bytesMax` (`BODY_TOO_LARGE`).
 */
export async function decompress(
  body: Buffer,
  encoding: string,
  bytesMax: number,
): Promise<Buffer> {
  const how = decoderOf(body, encoding.trim().toLowerCase());
  if (how === undefined) return body;
  try {
    return await how(body, { maxOutputLength: bytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax);
    throw new MillraceError("ENCODING_INVALID", "the compressed body can't be decompressed", {
      cause,
      hint: "gzip, zstd, deflate and br are understood, one at a time",
    });
  }
}

function decoderOf(body: Buffer, encoding: string): Inflate | undefined {
  if (body[0] === 0x1f && body[1] === 0x8b) return GUNZIP;
  if (body.length >= 4 && body.readUInt32LE(0) === 0xfd2fb528) return ZSTD;
  if (encoding === "br") return BROTLI;
  // RFC 9110's deflate has a zlib header (method 8); some clients leave it away
  if (encoding === "deflate") return ((body[0] ?? 0) & 15) === 8 ? INFLATE : INFLATE_RAW;
  return undefined;
}
