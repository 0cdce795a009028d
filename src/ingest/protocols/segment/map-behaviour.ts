import type { DoorInput } from "../../door-program.ts";
import { member, textOf, type JsonNode } from "../../scan/json-node.ts";
import { Draft } from "./draft.ts";
import type { Message } from "./message.ts";
import { eventTypes } from "./targets.ts";

/** A name without its writing: "Order Completed", "order_completed" and "orderCompleted" agree. */
export const plainName = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[\s_-]+/g, " ")
    .trim()
    .toLowerCase();

/** A behaviour event of any message: page views, the declared types by name, else custom. */
export function mapBehaviour(message: Message, target: DoorInput): Buffer {
  const draft = new Draft(target.scanner.program, message.bytes);
  const { node, type } = message;
  putCommon(draft, message, message.id);
  const { eventType, eventName } = kindOf(message, eventTypes(target));
  draft.putText("event_type", eventType);
  draft.putText("event_name", eventName);
  putContext(draft, message);
  draft.merge("properties", member(node, "properties"));
  draft.merge("context", member(node, "context"));
  draft.keep("traits", member(node, "traits"));
  draft.keep("groupId", member(node, "groupId"));
  draft.keep("previousId", member(node, "previousId"));
  if (type === "page" || type === "screen") draft.keep("category", member(node, "category"));
  return draft.json();
}

function kindOf(
  { node, type }: Message,
  types: readonly string[],
): { eventType: string; eventName: string | undefined } {
  if (type === "page" || type === "screen") {
    return { eventType: "page_view", eventName: textOf(node, "name") };
  }
  const name = type === "track" ? textOf(node, "event") : type;
  const asType = plainName(name ?? "").replaceAll(" ", "_");
  const known = type === "track" && types.includes(asType) ? asType : undefined;
  return { eventType: known ?? "custom", eventName: name };
}

/** Identity and time, by the field names of design §2. */
export function putCommon(draft: Draft, message: Message, eventId: string): void {
  draft.putText("event_id", eventId);
  draft.putText("user_id", message.userId);
  draft.putText("anonymous_id", message.anonymousId);
  if (!draft.declares("anonymous_id")) draft.putText("user_id", message.anonymousId);
  draft.putText("timestamp", message.time);
  if (message.sentAt !== undefined) draft.keep("sent_at", member(message.node, "sentAt"));
}

/** What Segment's `context` says, under the names that a behaviour event declares. */
export function putContext(draft: Draft, { node }: Message): void {
  const context = member(node, "context");
  const properties = member(node, "properties");
  const page = member(context, "page");
  draft.put("session_id", member(context, "sessionId"));
  draft.put("properties.page_url", member(properties, "url") ?? member(page, "url"));
  draft.put("properties.referrer", member(properties, "referrer") ?? member(page, "referrer"));
  draft.put("properties.user_agent", member(context, "userAgent"));
  draft.putText("properties.device_type", deviceType(context));
  const location = member(context, "location");
  for (const part of ["country", "region", "city"]) {
    draft.put(`properties.location.${part}`, member(location, part));
  }
  draft.put("context.app_version", member(member(context, "app"), "version"));
  draft.putText("context.platform", platform(context));
  draft.putText("context.screen_resolution", resolution(member(context, "screen")));
}

function deviceType(context: JsonNode | undefined): string | undefined {
  const type = textOf(member(context, "device"), "type")?.toLowerCase();
  return type === "ios" || type === "android" ? "mobile" : type;
}

const LIBRARIES: readonly (readonly [RegExp, string])[] = [
  [/(ios|swift|objc)/, "ios"],
  [/(android|kotlin)/, "android"],
  [/(analytics\.js|analytics-next|web)/, "web"],
  [/(node|python|ruby|java|go|php|\.net|csharp|server)/, "server"],
];

function platform(context: JsonNode | undefined): string | undefined {
  const device = textOf(member(context, "device"), "type")?.toLowerCase();
  if (device === "ios" || device === "android") return device;
  const os = textOf(member(context, "os"), "name")?.toLowerCase();
  if (os === "ios" || os === "ipados") return "ios";
  if (os === "android") return "android";
  const library = textOf(member(context, "library"), "name")?.toLowerCase();
  if (library === undefined) return undefined;
  return LIBRARIES.find(([pattern]) => pattern.test(library))?.[1];
}

function resolution(screen: JsonNode | undefined): string | undefined {
  const width = member(screen, "width");
  const height = member(screen, "height");
  if (width?.kind !== "number" || height?.kind !== "number") return undefined;
  return `${width.text}x${height.text}`;
}
