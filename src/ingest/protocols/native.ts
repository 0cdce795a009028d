import { MillraceError } from "../../core/errors.ts";
import { nativeAnswer } from "../answer.ts";
import type { DoorInput, DoorProgram } from "../door-program.ts";
import type { CollectRequest } from "../http/collect-request.ts";
import { parseTime } from "../scan/parse-time.ts";
import { validateBody } from "../validate-body.ts";
import { errorResponse, jsonResponse, type Protocol } from "./protocol.ts";

const EVENTS = "/v1/events";
const TABLES = "/v1/tables/";

/**
 * Millrace's own protocol: `POST /v1/events` with an event, an array or NDJSON, and the same for
 * the rows of a table with `PUT /v1/tables/{table}`. Each event gets an answer of its own.
 */
export const nativeProtocol: Protocol = {
  name: "http",
  handles: (method, path) =>
    (path === EVENTS && method === "POST") ||
    (path.startsWith(TABLES) && (method === "POST" || method === "PUT")),
  decode(request, body, program) {
    const candidates = candidatesOf(request, program);
    const { name, closed } = candidates[0]!;
    return {
      sentAt: sentAtOf(request),
      topic: name,
      validate: async (batch) => closed ?? validateBody(batch, body, candidates),
      raw(batch, index) {
        const { start, end } = batch.rangeOf(index);
        return body.subarray(start, end);
      },
    };
  },
  answer: (_, answer) => jsonResponse(200, nativeAnswer(answer)),
  failure: (_, error) => errorResponse(error),
};

function candidatesOf({ path, query }: CollectRequest, program: DoorProgram): readonly DoorInput[] {
  const isTable = path.startsWith(TABLES);
  const name = isTable ? decodeName(path.slice(TABLES.length)) : query.get("topic");
  if (name === null) {
    if (program.events.length > 0) return program.events;
    throw new MillraceError("TOPIC_UNKNOWN", "the definition has no events");
  }
  const input = program.inputs.get(name);
  const kind = input?.finisher.topic.node.kind;
  if (input !== undefined && (!isTable || kind === "table")) return [input];
  const known = [...program.inputs.values()]
    .filter(({ finisher }) => !isTable || finisher.topic.node.kind === "table")
    .map((each) => each.name);
  throw new MillraceError("TOPIC_UNKNOWN", `there is no ${isTable ? "table" : "event"} ${name}`, {
    hint: `the definition has ${known.join(", ") || "none"}`,
  });
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sentAtOf({ query, headers }: CollectRequest): number {
  const text = query.get("sent_at") ?? headers["sentat"];
  if (text === undefined || text === null) return Number.NaN;
  const ms = parseTime(text);
  if (ms !== undefined) return ms;
  throw new MillraceError("TIME_INVALID", `sent_at: ${JSON.stringify(text)} isn't RFC 3339`, {
    field: "sent_at",
  });
}
