import { dirname, basename } from "node:path";
import type { LakeFile, LakeFormat, LakeReader } from "../../storage/lake/lake.ts";
import { quotedTable, quotedText } from "../../storage/warehouse/statements.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";

/** Rows by `<partition> <start of the minute they were received in, ms>`. */
export type MinuteCounts = ReadonlyMap<string, number>;

export const minuteKey = (partition: number, minute: number): string => `${partition} ${minute}`;

/** ClickHouse's table function over files of the lake, of one format, with these columns. */
export type FilesSql = (paths: readonly string[], format: LakeFormat, structure: string) => string;

const MINUTE_MS = 60_000;
/** How long a count may keep the lake's files where they are. */
const HOLD_MS = 5 * MINUTE_MS;

interface CountRow {
  readonly partition: number;
  readonly minute: string;
  readonly n: string;
}

const MINUTE = `intDiv(toUnixTimestamp64Milli(received_at), ${MINUTE_MS}) * ${MINUTE_MS}`;
const WITHIN =
  "received_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND received_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";

/** Rows of a topic's table that were received in `[from, to)`, whole minutes. */
export async function warehouseCounts(
  warehouse: Warehouse,
  topic: string,
  from: number,
  to: number,
): Promise<MinuteCounts> {
  const rows = await warehouse.query<CountRow>(
    `SELECT _partition AS partition, ${MINUTE} AS minute, count() AS n
     FROM ${quotedTable(topic)} WHERE ${WITHIN} GROUP BY partition, minute`,
    { params: { from, to } },
  );
  return collect(rows);
}

/** The same of the lake. Files that lie within one minute are counted by the manifest. */
export async function lakeCounts(
  lake: LakeReader,
  warehouse: Warehouse,
  { topic, from, to }: { readonly topic: string; readonly from: number; readonly to: number },
  filesSql: FilesSql = ownFiles,
): Promise<MinuteCounts> {
  const release = await lake.hold(topic, HOLD_MS);
  try {
    const listed = await lake.files({ topic });
    const files = listed.filter((file) => file.maxReceivedAt >= from && file.minReceivedAt < to);
    const inOneMinute = (file: LakeFile): boolean =>
      minuteOf(file.minReceivedAt) === minuteOf(file.maxReceivedAt);
    const known = files.filter(inOneMinute).map((file) => ({
      partition: file.partition,
      minute: String(minuteOf(file.minReceivedAt)),
      n: String(file.rows),
    }));
    const folders = Map.groupBy(
      files.filter((file) => !inOneMinute(file)),
      ({ path, format }) => `${format} ${dirname(path)}`,
    );
    const counted: CountRow[] = [];
    for (const group of folders.values()) {
      const sql =
        `SELECT _partition AS partition, ${MINUTE} AS minute, count() AS n ` +
        `FROM ${filesSql(pathsOf(group), group[0]!.format, FILE_COLUMNS)} ` +
        `WHERE ${WITHIN} GROUP BY partition, minute`;
      counted.push(...(await warehouse.query<CountRow>(sql, { params: { from, to } })));
    }
    return collect([...known, ...counted]);
  } finally {
    await release();
  }
}

const FILE_COLUMNS = "_partition UInt16, received_at DateTime64(3, 'UTC')";

const pathsOf = (files: readonly LakeFile[]): readonly string[] => files.map(({ path }) => path);

/** Files of the warehouse's own machine, of one folder. */
const ownFiles: FilesSql = (paths, format, structure) => {
  const names = paths.map((path) => basename(path));
  const list = names.length === 1 ? names[0]! : `{${names.join(",")}}`;
  const path = quotedText(`${dirname(paths[0]!)}/${list}`);
  const engineFormat = format === "orc" ? "'ORC'" : "'Parquet'";
  return `file(${path}, ${engineFormat}, ${quotedText(structure)})`;
};

const minuteOf = (ms: number): number => ms - (ms % MINUTE_MS);

function collect(rows: readonly CountRow[]): MinuteCounts {
  const counts = new Map<string, number>();
  for (const { partition, minute, n } of rows) {
    const key = minuteKey(partition, Number(minute));
    counts.set(key, (counts.get(key) ?? 0) + Number(n));
  }
  return counts;
}
