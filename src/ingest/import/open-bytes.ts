import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { MillraceError } from "../../core/errors.ts";

const READ_BYTES = 256 * 1024;
/** Less of a compressed file at once: what is read ahead of the rows counts as done. */
const COMPRESSED_READ_BYTES = 32 * 1024;

/** A file's bytes, decompressed, and how far they are read. */
export interface ByteSource {
  readonly chunks: AsyncIterable<Buffer>;
  /** How much of the file as it lies on disk is read, from 0 to 1. */
  fraction(): number;
}

/** How a file is compressed, by its first bytes. */
export type Compression = "gzip" | "zstd" | "none";

/** Size and first bytes of a file; `IMPORT_FAILED` when it can't be read. */
export async function sniff(path: string): Promise<{ size: number; head: Buffer }> {
  try {
    const { size } = await stat(path);
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return { size, head: buffer.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : String(code);
    throw new MillraceError("IMPORT_FAILED", `${path} can't be read: ${why}`, {
      field: "FILE",
      cause,
      ...(code === "EISDIR" ? { hint: "name the files in it, one import each" } : {}),
    });
  }
}

export function compressionOf(head: Buffer): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : "none";
}

/** The decompressed bytes of a file. A damaged one throws `IMPORT_FAILED` when it comes to that. */
export function openBytes(path: string, size: number, compression: Compression): ByteSource {
  const isPlain = compression === "none";
  const file = createReadStream(path, {
    highWaterMark: isPlain ? READ_BYTES : COMPRESSED_READ_BYTES,
  });
  const decoder =
    compression === "gzip"
      ? createGunzip({ chunkSize: READ_BYTES })
      : compression === "zstd"
        ? createZstdDecompress({ chunkSize: READ_BYTES })
        : undefined;
  if (decoder !== undefined) {
    file.on("error", (error) => decoder.destroy(error));
    decoder.on("close", () => file.destroy());
    file.pipe(decoder);
  }
  return {
    chunks: readChunks(decoder ?? file, path, compression, () => {
      // Node's zstd stops at the end of the first frame, without a word
      if (compression === "zstd" && decoder!.bytesWritten < size) throw severalFrames(path);
    }),
    fraction: () =>
      size === 0 ? 1 : Math.min(1, (decoder?.bytesWritten ?? file.bytesRead) / size),
  };
}

async function* readChunks(
  stream: Readable,
  path: string,
  compression: Compression,
  atEnd: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
    atEnd();
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    const what = compression === "none" ? "can't be read" : `isn't whole ${compression} data`;
    throw new MillraceError("IMPORT_FAILED", `${path} ${what}: ${(cause as Error).message}`, {
      field: "FILE",
      hint: "the rows before are imported; with the whole file, run the same command again",
      cause,
    });
  }
}

const severalFrames = (path: string): MillraceError =>
  new MillraceError("IMPORT_FAILED", `${path} has more than one zstd frame`, {
    field: "FILE",
    hint: "the rows of the first are imported; make it one: zstd -dc FILE | zstd -o ONE.zst",
  });

/** The SHA-256 of a file's bytes as they lie on disk, hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * READ_BYTES })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
