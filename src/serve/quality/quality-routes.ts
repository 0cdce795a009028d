import type { Clock } from "../../core/clock.ts";
import { MillraceError } from "../../core/errors.ts";
import { json } from "../http/http-message.ts";
import type { Route } from "../http/route.ts";
import { readTime } from "../metrics/metric-query.ts";

/** What the routes ask of the parts that know; each gives plain JSON. */
export interface QualitySources {
  ledger(request: { from: number; to: number; topic: string | undefined }): Promise<unknown>;
  trace(eventId: string): Promise<unknown>;
  quarantine(request: {
    topic: string | undefined;
    reason: string | undefined;
    after: number | undefined;
    limit: number;
  }): Promise<unknown>;
}

const HOUR_MS = 3_600_000;
const QUARANTINE_MAX = 1_000;

/** `/v1/ledger`, `/v1/trace/{event_id}` and `/v1/quarantine`. */
export function qualityRoutes(sources: QualitySources, clock: Clock): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/ledger",
      access: "read",
      summary: "What came in and what became of it, per topic and minute; the difference is 0",
      parameters: [
        { name: "from", in: "query", description: "First minute; an hour ago by default" },
        { name: "to", in: "query", description: "Minutes before; now by default" },
        { name: "topic", in: "query", description: "Only this topic" },
      ],
      handle: async ({ query }) => {
        const to = readTime("to", query.get("to")) ?? clock.nowMs();
        const from = readTime("from", query.get("from")) ?? to - HOUR_MS;
        return json(await sources.ledger({ from, to, topic: query.get("topic") ?? undefined }));
      },
    },
    {
      method: "GET",
      path: "/v1/trace/{event_id}",
      access: "read",
      summary: "Where one event is: offset, rows, files, windows; or why it was quarantined",
      parameters: [{ name: "event_id", in: "path", description: "The event's id" }],
      handle: async (_request, parameters) => json(await sources.trace(parameters["event_id"]!)),
    },
    {
      method: "GET",
      path: "/v1/quarantine",
      access: "read",
      summary: "Events that weren't taken, with every byte and the reason, oldest first",
      parameters: [
        { name: "topic", in: "query", description: "Only this topic" },
        { name: "reason", in: "query", description: "Only this code" },
        { name: "after", in: "query", description: "Those after this id" },
        {
          name: "limit",
          in: "query",
          description: `At most; 100 by default, ${QUARANTINE_MAX} at most`,
        },
      ],
      handle: async ({ query }) =>
        json(
          await sources.quarantine({
            topic: query.get("topic") ?? undefined,
            reason: query.get("reason") ?? undefined,
            after: readCount("after", query.get("after"), Number.MAX_SAFE_INTEGER),
            limit: readCount("limit", query.get("limit"), QUARANTINE_MAX) ?? 100,
          }),
        ),
    },
  ];
}

function readCount(name: string, text: string | null, most: number): number | undefined {
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new MillraceError("PARAMETER_INVALID", `"${text}" isn't a ${name}`, {
    field: name,
    hint: `a whole number from 0 to ${most}`,
  });
}
