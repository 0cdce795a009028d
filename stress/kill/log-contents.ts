import { join } from "node:path";
import { rowEnd, rowToObject } from "../../src/language/compile/javascript/row-to-object.ts";
import { LayoutStore } from "../../src/runtimes/embedded/layout-store.ts";
import { openEmbeddedLogReader } from "../../src/storage/log/embedded/embedded-log-reader.ts";

/** How often each event id is in a topic of the log of a data folder. */
export function idsInLog(dataDir: string, topic: string): Map<string, number> {
  const log = openEmbeddedLogReader(dataDir);
  const layouts = new LayoutStore(join(dataDir, "layouts.jsonl"));
  const ids = new Map<string, number>();
  const count = (rows: Uint8Array, layoutId: number): void => {
    const layout = layouts.layoutOf(layoutId);
    for (let at = 0; at < rows.length; at = rowEnd(layout, rows, at)) {
      const id = String(rowToObject(layout, rows, at)["event_id"]);
      ids.set(id, (ids.get(id) ?? 0) + 1);
    }
  };
  try {
    for (const { partition, start, end } of log.ends().filter((each) => each.topic === topic)) {
      for (let from = start; from < end;) {
        for (const batch of log.read({ topic, partition, from })) {
          if (batch.kind === "events") count(batch.rows, batch.layoutId);
          from = batch.endOffset;
        }
      }
    }
  } finally {
    log.close();
  }
  return ids;
}
