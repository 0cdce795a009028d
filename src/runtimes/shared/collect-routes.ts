import type { RouteDescription } from "../../serve/http/route.ts";

const TOPIC = {
  name: "topic",
  in: "query",
  description: "The event; by default the first of the definition that accepts the document",
} as const;
const TABLE = { name: "table", in: "path", description: "The table's name" } as const;
const KEY = {
  name: "write_key",
  in: "query",
  description: "The write key, without a header",
} as const;

const SEGMENT: readonly (readonly [string, string])[] = [
  ["track", "Segment's API: something that a user did"],
  ["identify", "Segment's API: who a user is"],
  ["page", "Segment's API: a page was viewed"],
  ["screen", "Segment's API: a screen of an app was viewed"],
  ["group", "Segment's API: a user belongs to a group"],
  ["alias", "Segment's API: two ids are one user's"],
  ["batch", "Segment's API: many calls at once"],
];

/** What the collector answers before the API is asked; for the documentation and for 405. */
export const COLLECT_ROUTES: readonly RouteDescription[] = [
  collect("/v1/events", "Takes an event, an array or NDJSON; answers for each event", [TOPIC, KEY]),
  collect("/v1/tables/{table}", "Takes rows of a table", [TABLE, KEY]),
  { ...collect("/v1/tables/{table}", "Takes rows of a table", [TABLE, KEY]), method: "PUT" },
  ...SEGMENT.flatMap(([name, summary]) =>
    [`/v1/${name}`, `/${name}`, `/v1/${name[0]}`].map((path) => collect(path, summary, [])),
  ),
  ...SEGMENT.filter(([name]) => name !== "batch").flatMap(([name, summary]) =>
    ["/v1/pixel", "/pixel/v1"].map((root): RouteDescription => ({
      ...collect(`${root}/${name}`, `${summary}, as a picture`, [
        { name: "data", in: "query", description: "The call as JSON in base64" },
      ]),
      method: "GET",
      answers: "image/gif",
    })),
  ),
  ...["/v1/projects/{key}/settings", "/projects/{key}/settings"].map((path): RouteDescription => ({
    ...collect(path, "What Segment's clients ask for before they start", [
      { name: "key", in: "path", description: "The write key" },
    ]),
    method: "GET",
  })),
];

function collect(
  path: string,
  summary: string,
  parameters: NonNullable<RouteDescription["parameters"]>,
): RouteDescription {
  return { method: "POST", path, access: "write", summary, parameters };
}
