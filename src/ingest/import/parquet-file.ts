import { open } from "node:fs/promises";
import { parquetMetadataAsync, parquetReadObjects, type FileMetaData } from "hyparquet";

/** A Parquet file, opened. */
export interface ParquetFile {
  readonly rows: number;
  readonly rowGroups: readonly number[];
  /** Rows `[from, to)`: int64 as bigint, decimals and times as exact texts, bytes as bytes. */
  read(from: number, to: number): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

type Compressors = NonNullable<Parameters<typeof parquetReadObjects>[0]["compressors"]>;

/** Opens a Parquet file; throws what is wrong with it. */
export async function openParquet(path: string, compressors: Compressors): Promise<ParquetFile> {
  const handle = await open(path);
  const { size } = await handle.stat();
  const file = {
    byteLength: size,
    slice: async (start: number, end = size): Promise<ArrayBuffer> => {
      const buffer = new ArrayBuffer(end - start);
      await handle.read(new Uint8Array(buffer), 0, end - start, start);
      return buffer;
    },
  };
  const parsers = {
    timestampFromMilliseconds: (ms: bigint) => isoText(Number(ms)),
    timestampFromMicroseconds: (us: bigint) => isoText(Number(us / 1000n)),
    timestampFromNanoseconds: (ns: bigint) => isoText(Number(ns / 1_000_000n)),
    dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10),
  };
  const metadata = await parquetMetadataAsync(file, { parsers });
  const fixes = takeSpecials(metadata);
  return {
    rows: Number(metadata.num_rows),
    rowGroups: metadata.row_groups.map(({ num_rows }) => Number(num_rows)),
    read: async (rowStart, rowEnd) => {
      // utf8: only columns that say so are texts; the others are bytes
      const options = { file, metadata, compressors, parsers, rowStart, rowEnd, utf8: false };
      const rows = await parquetReadObjects(options);
      for (const row of rows) for (const fix of fixes) fix(row, 0);
      return rows;
    },
    close: () => handle.close(),
  };
}

const isoText = (ms: number): string => new Date(ms).toISOString();

type Fix = (row: Record<string, unknown>, depth: number) => void;

/**
 * Decimals would come as floats: their mark is taken off, so that they come as integers or bytes,
 * and are made texts afterwards. Times that aren't of UTC lose their Z. At any depth of structs.
 */
function takeSpecials(metadata: FileMetaData): Fix[] {
  const fixes: Fix[] = [];
  const { schema } = metadata;
  let at = 1;
  const walk = (children: number, path: readonly string[]): void => {
    for (let child = 0; child < children; child++) {
      const element = schema[at++]!;
      const here = [...path, element.name];
      if (element.num_children !== undefined && element.num_children > 0) {
        walk(element.num_children, here);
        continue;
      }
      const logical = element.logical_type;
      if (element.converted_type === "DECIMAL" || logical?.type === "DECIMAL") {
        const scale = element.scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0) ?? 0;
        delete element.converted_type;
        delete element.logical_type;
        fixes.push(changing(here, (value) => decimalText(value, scale)));
      } else if (logical?.type === "TIMESTAMP" && logical.isAdjustedToUTC === false) {
        fixes.push(
          changing(here, (value) => (typeof value === "string" ? value.slice(0, -1) : value)),
        );
      }
    }
  };
  walk(schema[0]?.num_children ?? 0, []);
  return fixes;
}

/** Changes the value at a path of structs, where there is one. */
function changing(path: readonly string[], change: (value: unknown) => unknown): Fix {
  return (row) => {
    let object: Record<string, unknown> | undefined = row;
    for (const name of path.slice(0, -1)) {
      const next: unknown = object?.[name];
      object =
        typeof next === "object" && next !== null ? (next as Record<string, unknown>) : undefined;
    }
    const name = path.at(-1)!;
    const value = object?.[name];
    if (object !== undefined && value !== null && value !== undefined) object[name] = change(value);
  };
}

/** An unscaled integer, or its big-endian two's complement bytes, with `scale` places. */
function decimalText(value: unknown, scale: number): unknown {
  const unscaled = unscaledOf(value);
  if (unscaled === undefined) return value;
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const cut = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return unscaled < 0n ? `-${text}` : text;
}

function unscaledOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(value);
  if (!(value instanceof Uint8Array)) return undefined;
  let unscaled = 0n;
  for (const byte of value) unscaled = (unscaled << 8n) | BigInt(byte);
  return BigInt.asIntN(value.length * 8, unscaled);
}
