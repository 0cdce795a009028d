import type { RowAvro } from "../../language/compile/avro/row-avro.ts";
import type { Topic } from "../../language/plan/topic.ts";

export const NO_KEY = new Uint8Array();

/** The text that decides a row's partition: the first of the key's fields with a value, or the id. */
export function keyTextOf(
  topic: Pick<Topic, "key" | "id">,
  avro: RowAvro,
  rows: Uint8Array,
  start: number,
): Uint8Array {
  for (const path of [...topic.key, topic.id]) {
    const text = avro.textOf(path, rows, start);
    if (text !== undefined) return text;
  }
  return NO_KEY;
}
