import { setTimeout as delay } from "node:timers/promises";
import { MillraceError } from "../../../core/errors.ts";

/** What a statement gave. */
export interface FlinkResult {
  readonly rows: readonly (readonly unknown[])[];
  /** The job that it started. */
  readonly job?: string;
}

/** How long to wait until a statement's result is asked for again, ms. */
const POLL_MS = 50;
/** What an error says at most; the gateway sends whole stack traces. */
const ERROR_CHARS_MAX = 2_000;

/**
 * A session of Flink's SQL gateway, by its REST API. Tables and settings live as long as it does;
 * jobs outlive it. Errors: `SQL_FAILED` with Flink's own words, `FLINK_UNAVAILABLE` where there was
 * no answer: whether the statement was run is then unknown.
 */
export class FlinkSession {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  static async open(
    gatewayUrl: string,
    properties: Readonly<Record<string, string>>,
  ): Promise<FlinkSession> {
    const url = `${gatewayUrl}/v4/sessions`;
    const { sessionHandle } = await call<{ sessionHandle: string }>("POST", url, { properties });
    return new FlinkSession(`${url}/${sessionHandle}`);
  }

  /** Runs one statement to its end; a job that it starts goes on. */
  async run(statement: string): Promise<FlinkResult> {
    const url = `${this.#url}/statements`;
    const { operationHandle } = await call<{ operationHandle: string }>("POST", url, { statement });
    const operation = `${this.#url}/operations/${operationHandle}`;
    const rows: unknown[][] = [];
    let job: string | undefined;
    for (let page = 0; ;) {
      const result = await call<ResultPage>("GET", `${operation}/result/${page}?rowFormat=JSON`);
      job ??= result.jobID;
      rows.push(...(result.results?.data ?? []).map(({ fields }) => fields));
      if (result.resultType === "EOS") break;
      if (result.resultType === "NOT_READY") await delay(POLL_MS);
      else page += 1;
    }
    await call("DELETE", `${operation}/close`);
    return { rows, ...(job !== undefined && { job }) };
  }

  async close(): Promise<void> {
    await call("DELETE", this.#url);
  }
}

interface ResultPage {
  readonly resultType: "NOT_READY" | "PAYLOAD" | "EOS";
  readonly jobID?: string;
  readonly results?: { readonly data: readonly { readonly fields: unknown[] }[] };
}

/** One request to Flink's REST API, also to that of the JobManager. */
async function call<Answer>(method: string, url: string, body?: unknown): Promise<Answer> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    text = await answer.text();
  } catch (cause) {
    throw new MillraceError("FLINK_UNAVAILABLE", `Flink doesn't answer at ${url}`, {
      cause,
      hint: "check that it runs, and its address in the cluster's file",
    });
  }
  if (answer.ok) return JSON.parse(text) as Answer;
  throw new MillraceError("SQL_FAILED", `Flink: ${reasonIn(text)}`);
}

/** The causes in an answer's stack traces, outermost first. */
function reasonIn(text: string): string {
  const parsed = ((): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  })();
  const errors = (parsed as { readonly errors?: readonly string[] } | undefined)?.errors;
  if (!Array.isArray(errors)) return text.slice(0, ERROR_CHARS_MAX);
  const causes = errors
    .join("\n")
    .split("\n")
    // Neither the stack nor the list of what a parser would have taken.
    .filter((line) => line.trim() !== "" && !/^\s+(at |\.\.\.|["<])/.test(line));
  return causes.join("\n").slice(-ERROR_CHARS_MAX);
}
