import { LIMITS } from "../../core/limits.ts";
import type { DoorBatch } from "../door-batch.ts";
import type { DoorInput } from "../door-program.ts";
import { FATE } from "../outcome.ts";
import { ASK } from "../scan/event-scanner.ts";
import { parseJson } from "../scan/parse-json.ts";
import type { Problem } from "../scan/problem.ts";
import { EVENT_BOUNDS } from "../scan/topic-scanner.ts";
import { stageFirstAccepting } from "../validate-body.ts";
import type { TableChange } from "./table-change.ts";

/** Stages a change as the event of this index, or keeps `raw`, which it came as. */
export function stageChange(
  batch: DoorBatch,
  table: DoorInput,
  change: TableChange,
  index: number,
  raw: Uint8Array,
): void {
  const keep = (problem: Problem): void =>
    batch.reject(index, FATE.quarantined, table.name, problem, raw);
  if (change.kind === "problem") return keep(change.problem);
  batch.stageOf(table);
  const { json } = change;
  if (json.length > LIMITS.eventBytesMax) {
    const message = `a row has ${json.length} bytes; at most ${LIMITS.eventBytesMax} are taken`;
    return keep({ code: "EVENT_TOO_LARGE", message });
  }
  const { scanner } = table;
  const isRow = change.kind === "row";
  if (isRow && scanner.tryFast(json, 0, json.length, index, batch.arrival) !== ASK) return;
  const node = parseJson(json, 0, json.length, EVENT_BOUNDS);
  if (node.kind === "failure") return keep(node);
  if (isRow) return stageFirstAccepting(batch, [table], json, node, index, raw);
  if (node.kind !== "object") throw new TypeError("a deletion is an object");
  const problem = scanner.exact.writeDeletion(json, node, index, batch.arrival);
  if (problem !== undefined) keep(problem);
}
