import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { ROW_FLAGS } from "../../../language/schema/layout.ts";
import type { DoorProgram } from "../../door-program.ts";
import type { CollectRequest, CollectResponse } from "../../http/collect-request.ts";
import { arrayItems, outerMembers, type ByteRange } from "../../scan/outer-members.ts";
import { parseTime } from "../../scan/parse-time.ts";
import { errorResponse, jsonResponse, type Decoded, type Protocol } from "../protocol.ts";
import { messageType } from "./message.ts";
import { SegmentBatch } from "./segment-batch.ts";
import { isSettingsPath, settingsResponse } from "./settings.ts";
import { targetsOf } from "./targets.ts";

const POSTS = /^\/(?:v1\/)?(track|identify|page|screen|group|alias|batch|import|t|i|p|s|g|a|b)$/;
const PIXELS = /^\/(?:v1\/pixel|pixel\/v1)\/(track|identify|page|screen|group|alias|t|i|p|s|g|a)$/;
const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** Segment's HTTP tracking API, as its clients and RudderStack's speak it. */
export const segmentProtocol: Protocol = {
  name: "segment",
  handles: (method, path) =>
    (method === "POST" && POSTS.test(path)) ||
    (method === "GET" && (PIXELS.test(path) || isSettingsPath(path))),
  immediate: (request) => (isSettingsPath(request.path) ? settingsResponse(request) : undefined),
  decode(request, body, program) {
    const isPixel = PIXELS.test(request.path);
    return decodeSegment(request, isPixel ? pixelBody(request) : body, program);
  },
  answer: (request) =>
    PIXELS.test(request.path) ? gifResponse() : jsonResponse(200, '{"success":true}'),
  failure(request, error) {
    // a page can do nothing about a pixel that fails, but it would show a broken picture
    return PIXELS.test(request.path) ? gifResponse() : errorResponse(error);
  },
};

const gifResponse = (): CollectResponse => ({
  status: 200,
  headers: { "content-type": "image/gif", "cache-control": "no-store" },
  body: GIF,
});

const pixelBody = ({ query }: CollectRequest): Buffer =>
  Buffer.from(query.get("data") ?? "", "base64url");

function decodeSegment(request: CollectRequest, body: Buffer, program: DoorProgram): Decoded {
  const step = (POSTS.exec(request.path) ?? PIXELS.exec(request.path))?.[1] ?? "";
  const isBatch = step === "batch" || step === "import" || step === "b";
  const outer = outerMembers(body, ["batch", "writeKey", "sentAt"]);
  if (!(outer instanceof Map)) throw new MillraceError(outer.code, outer.message);
  const messages = isBatch ? batchItems(body, outer) : [wholeBody(body)];
  if (messages.length > LIMITS.batchEventsMax) {
    const message = `more than ${LIMITS.batchEventsMax} messages in one request`;
    throw new MillraceError("BATCH_TOO_LARGE", message, { hint: "split the batch" });
  }
  const text = (key: string): string | undefined => textIn(body, outer.get(key));
  const sentAt = parseTime(text("sentAt") ?? request.headers["sentat"] ?? "") ?? Number.NaN;
  const targets = targetsOf(program);
  const batch = new SegmentBatch(body, messages, messageType(step), targets);
  return {
    writeKey: text("writeKey"),
    // a single message carries its own
    sentAt: isBatch ? sentAt : Number.NaN,
    flags: step === "import" ? ROW_FLAGS.imported : 0,
    topic: targets.behaviour?.name ?? "",
    validate: (door) => batch.validate(door),
    raw: (_, index) => batch.raw(index),
  };
}

const notJson = (message: string): MillraceError => new MillraceError("BODY_NOT_JSON", message);

function batchItems(body: Buffer, outer: ReadonlyMap<string, ByteRange>): readonly ByteRange[] {
  const range = outer.get("batch");
  const items = range && arrayItems(body, range);
  if (items === undefined) throw notJson("the body has no array `batch`");
  return items;
}

function wholeBody(body: Buffer): ByteRange {
  return { start: body.indexOf(0x7b), end: body.lastIndexOf(0x7d) + 1 };
}

/** The text of a string's range; keys and times need no more than `JSON.parse`. */
function textIn(body: Buffer, range: ByteRange | undefined): string | undefined {
  if (range === undefined || range.end - range.start > 1024) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString("utf8", range.start, range.end));
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
