import { encodeRow } from "../../../language/compile/javascript/encode-row.ts";
import type { Topic } from "../../../language/plan/topic.ts";
import type { Value } from "../../../language/plan/value.ts";
import { emptyValue } from "../../../language/schema/empty-value.ts";
import { ROW_FLAGS, type Column } from "../../../language/schema/layout.ts";

/** A row that is no event: it only says how far time has come, ms. */
export const heartbeatRow = (topic: Topic, receivedAt: number): Uint8Array =>
  encodeRow(
    topic.layout,
    topic.layout.columns.map((column) => valueOf(column, topic, receivedAt)),
  );

function valueOf({ name, nullable, valueType }: Column, topic: Topic, receivedAt: number): Value {
  if (name === "_flags") return BigInt(ROW_FLAGS.heartbeat);
  if (name === "received_at" || name === topic.time) return receivedAt;
  return nullable ? null : emptyValue(valueType);
}
