import { createHash } from "node:crypto";
import { LIMITS } from "../../../core/limits.ts";
import { member, textOf, type JsonNode, type JsonObject } from "../../scan/json-node.ts";
import { parseTime } from "../../scan/parse-time.ts";

export type MessageType = "track" | "identify" | "page" | "screen" | "group" | "alias";

const TYPES: readonly MessageType[] = ["track", "identify", "page", "screen", "group", "alias"];

/** One message of Segment's API, with what every kind of it has. */
export interface Message {
  readonly node: JsonObject;
  readonly bytes: Buffer;
  readonly type: MessageType;
  readonly id: string;
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  /** RFC 3339, with an offset. */
  readonly time: string;
  /** The client's clock when it sent the message, where the message itself says. */
  readonly sentAt: string | undefined;
}

/** The message type of a path's last step: whole, or its first letter. */
export function messageType(step: string): MessageType | undefined {
  return TYPES.find((type) => type === step || type[0] === step);
}

/** Reads a message; `undefined` when it says neither itself nor by its path what it is. */
export function readMessage(
  node: JsonObject,
  bytes: Buffer,
  typeOfPath: MessageType | undefined,
  nowMs: number,
): Message | undefined {
  const said = textOf(node, "type");
  const type = TYPES.find((each) => each === said) ?? typeOfPath;
  if (type === undefined) return undefined;
  return {
    node,
    bytes,
    type,
    id: messageId(node, bytes),
    userId: idText(member(node, "userId")),
    anonymousId: idText(member(node, "anonymousId")),
    time:
      timeText(node, "timestamp") ??
      timeText(node, "originalTimestamp") ??
      new Date(nowMs).toISOString(),
    sentAt: timeText(node, "sentAt"),
  };
}

/** The client's id of the message, or one made from its bytes: a retry gives the same. */
function messageId(node: JsonObject, bytes: Buffer): string {
  const own = textOf(node, "messageId");
  // room for ":" and a product's number
  if (own !== undefined && own.length > 0 && own.length <= LIMITS.idCharactersMax - 8) return own;
  return createHash("sha256").update(bytes.subarray(node.start, node.end)).digest("hex");
}

function idText(node: JsonNode | undefined): string | undefined {
  if (node?.kind === "number") return node.text;
  return node?.kind === "string" && node.text !== "" ? node.text : undefined;
}

function timeText(node: JsonObject, key: string): string | undefined {
  const value = member(node, key);
  if (value?.kind === "string" && parseTime(value.text) !== undefined) return value.text;
  if (value?.kind !== "number") return undefined;
  const ms = Number(value.text);
  return ms > 0 && ms < 8.64e15 ? new Date(ms).toISOString() : undefined;
}
