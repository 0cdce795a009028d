import { MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { json, type HttpRequest } from "../http/http-message.ts";
import type { Route } from "../http/route.ts";

/**
 * `POST /v1/sql`: a SELECT as text, or as `{"sql": "…"}`. `warehouse` must be a connection as a
 * user who may only read: what is refused is refused there, not here.
 */
export function sqlRoute(warehouse: Warehouse): Route {
  return {
    method: "POST",
    path: "/v1/sql",
    access: "read",
    summary: 'Runs a SELECT, sent as text or as {"sql": "…"}; gives {"rows": […]}',
    handle: async (request) => {
      const sql = await readSql(request);
      const rows = await warehouse.query(sql, {
        maxRows: LIMITS.sqlRowsMax,
        timeoutMs: LIMITS.sqlDurationMsMax,
        signal: request.signal,
      });
      return json({ rows });
    },
  };
}

async function readSql(request: HttpRequest): Promise<string> {
  const body = await request.body();
  if (body.length > LIMITS.sqlTextBytesMax) {
    throw new MillraceError("BODY_TOO_LARGE", `the SQL has ${body.length} bytes`, {
      hint: `${LIMITS.sqlTextBytesMax} at most`,
    });
  }
  const text = body.toString("utf8").trim();
  const sql = text.startsWith("{") ? sqlOf(text) : text;
  if (typeof sql === "string" && sql !== "") return sql;
  throw new MillraceError("PARAMETER_INVALID", "there is no SQL in the body", {
    field: "sql",
    hint: 'send the SELECT as text, or {"sql": "SELECT …"}',
  });
}

function sqlOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { sql?: unknown }).sql;
  } catch {
    return undefined;
  }
}
