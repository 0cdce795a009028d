import type { DoorInput } from "../../door-program.ts";
import { member } from "../../scan/json-node.ts";
import { Draft } from "./draft.ts";
import type { Message } from "./message.ts";

/** An upsert of the users' table from `identify`; `undefined` when the message names no user. */
export function mapUsers(message: Message, target: DoorInput): Buffer | undefined {
  if (message.type !== "identify" || message.userId === undefined) return undefined;
  const draft = new Draft(target.scanner.program, message.bytes);
  const traits =
    member(message.node, "traits") ?? member(member(message.node, "context"), "traits");
  const address = member(traits, "address");
  draft.putText("event_id", message.id);
  draft.putText("timestamp", message.time);
  draft.putText(target.finisher.topic.key[0]!, message.userId);
  draft.putText("anonymous_id", message.anonymousId);
  if (message.sentAt !== undefined) draft.keep("sent_at", member(message.node, "sentAt"));
  if (traits?.kind === "object") {
    for (const { path } of target.scanner.program.leaves) draft.put(path, member(traits, path));
  }
  draft.put("region", member(address, "state"));
  for (const path of ["country", "region", "city"]) draft.put(path, member(address, path));
  draft.keep("traits", traits);
  return draft.isComplete() ? draft.json() : undefined;
}
