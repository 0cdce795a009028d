import { answerImport } from "../../ingest/import/import-call.ts";
import type { ImportReceiver } from "../../ingest/import/import-receiver.ts";
import { createReadAccess } from "../../serve/http/access.ts";
import { json } from "../../serve/http/http-message.ts";
import type { Route } from "../../serve/http/route.ts";

const PARAMETERS = [
  { name: "topic", in: "query", description: "the event (or table)", required: true },
  { name: "file", in: "query", description: "SHA-256 of the file, hexadecimal", required: true },
  { name: "reading", in: "query", description: "names the map and the zone" },
] as const;

/** What `millrace import` speaks. It writes, so it needs the admin key on loopback too. */
export function importRoutes(receiver: () => ImportReceiver, adminKey: string): readonly Route[] {
  const access = createReadAccess({ adminKey, loopback: false });
  const route = (method: "GET" | "POST", summary: string, more: Route["parameters"]): Route => ({
    method,
    path: "/v1/import",
    access: "open",
    summary,
    parameters: [...PARAMETERS, ...(more ?? [])],
    handle: async (request) => {
      access(request);
      const body = method === "GET" ? Buffer.alloc(0) : await request.body();
      return json(await answerImport(receiver(), method, request.query, body));
    },
  });
  return [
    route("GET", "How far the import of a file is", []),
    route("POST", "Takes a batch of a file's rows in", [
      { name: "first", in: "query", description: "number of the first row, from 1" },
      { name: "zone", in: "query", description: "zone (IANA) of times without an offset" },
      { name: "values", in: "query", description: "text: numbers come as texts (CSV)" },
      { name: "dry", in: "query", description: "1: check only" },
      { name: "end", in: "query", description: "1: there are no more rows" },
    ]),
  ];
}
