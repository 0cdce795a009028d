import { MillraceError } from "../../core/errors.ts";
import { parseDay } from "../../core/time.ts";
import { json, type HttpRequest } from "../http/http-message.ts";
import type { Route } from "../http/route.ts";

/** What to compute again. */
export interface BatchCall {
  readonly wait?: boolean;
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly name?: string;
}

/** Batch work that may be asked for; each gives its report as plain JSON. */
export interface BatchWork {
  amend(call: BatchCall): Promise<unknown>;
  backfill(call: BatchCall): Promise<unknown>;
  audit(call: BatchCall): Promise<unknown>;
}

/** `POST /v1/amend`, `/v1/backfill` and `/v1/audit`. */
export function batchRoutes(work: BatchWork): readonly Route[] {
  const route = (
    path: string,
    summary: string,
    run: (call: BatchCall) => Promise<unknown>,
  ): Route => ({
    method: "POST",
    path,
    access: "read",
    summary,
    handle: async (request) => json(await run(await readCall(request))),
  });
  return [
    route("/v1/amend", "Brings late and imported events into the numbers now", (call) =>
      work.amend(call),
    ),
    route("/v1/backfill", "Computes metrics and models of a range of days again", (call) =>
      work.backfill(call),
    ),
    route("/v1/audit", "Compares a day's stream rows with the batch engine's", (call) =>
      work.audit(call),
    ),
  ];
}

async function readCall(request: HttpRequest): Promise<BatchCall> {
  const text = (await request.body()).toString("utf8").trim();
  const call = text === "" ? {} : parse(text);
  for (const name of ["fromDay", "toDay"] as const) {
    const day = call[name];
    if (day !== undefined && (typeof day !== "string" || parseDay(day) === undefined)) {
      throw new MillraceError("PARAMETER_INVALID", `${JSON.stringify(day)} isn't a day`, {
        field: name,
        hint: "such as 2026-01-31",
      });
    }
  }
  return call;
}

function parse(text: string): BatchCall {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // said below
  }
  throw new MillraceError("PARAMETER_INVALID", "the body isn't a JSON object", {
    hint: 'such as {"fromDay":"2026-01-01","toDay":"2026-01-31"}',
  });
}
