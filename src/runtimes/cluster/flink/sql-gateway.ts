import { setTimeout as delay } from "node:timers/promises";
import { flinkCall } from "./flink-call.ts";

/** What a statement gave. */
export interface FlinkResult {
  readonly rows: readonly (readonly unknown[])[];
  /** The job that it started. */
  readonly job?: string;
}

/** How long to wait until a statement's result is asked for again, ms. */
const POLL_MS = 50;

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
    const { sessionHandle } = await flinkCall<{ sessionHandle: string }>("POST", url, {
      properties,
    });
    return new FlinkSession(`${url}/${sessionHandle}`);
  }

  /** Runs one statement to its end; a job that it starts goes on. */
  async run(statement: string): Promise<FlinkResult> {
    const url = `${this.#url}/statements`;
    const { operationHandle } = await flinkCall<{ operationHandle: string }>("POST", url, {
      statement,
    });
    const operation = `${this.#url}/operations/${operationHandle}`;
    const rows: unknown[][] = [];
    let job: string | undefined;
    for (let page = 0; ;) {
      const result = await flinkCall<ResultPage>(
        "GET",
        `${operation}/result/${page}?rowFormat=JSON`,
      );
      job ??= result.jobID;
      rows.push(...(result.results?.data ?? []).map(({ fields }) => fields));
      if (result.resultType === "EOS") break;
      if (result.resultType === "NOT_READY") await delay(POLL_MS);
      else page += 1;
    }
    await flinkCall("DELETE", `${operation}/close`);
    return { rows, ...(job !== undefined && { job }) };
  }

  async close(): Promise<void> {
    await flinkCall("DELETE", this.#url);
  }
}

interface ResultPage {
  readonly resultType: "NOT_READY" | "PAYLOAD" | "EOS";
  readonly jobID?: string;
  readonly results?: { readonly data: readonly { readonly fields: unknown[] }[] };
}
