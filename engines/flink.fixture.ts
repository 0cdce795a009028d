import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

/** One session of the SQL gateway, as far as the tests of engines need it. */
export interface FlinkSession {
  /** Runs a statement to its end; its rows and, if it started one, its job. */
  run(statement: string): Promise<{ rows: readonly (readonly unknown[])[]; job?: string }>;
}

export async function openFlinkSession(
  gatewayUrl: string,
  properties: Readonly<Record<string, string>>,
): Promise<FlinkSession> {
  const base = `${gatewayUrl}/v4/sessions`;
  const { sessionHandle } = await send<{ sessionHandle: string }>(base, { properties });
  const session = `${base}/${sessionHandle}`;
  return {
    run: async (statement) => {
      const url = `${session}/statements`;
      const { operationHandle } = await send<{ operationHandle: string }>(url, { statement });
      const rows: unknown[][] = [];
      let page: ResultPage = { resultType: "NOT_READY" };
      for (let token = 0; page.resultType !== "EOS";) {
        const result = `${session}/operations/${operationHandle}/result/${token}?rowFormat=JSON`;
        page = await receive<ResultPage>(await fetch(result));
        rows.push(...(page.results?.data ?? []).map(({ fields }) => fields));
        if (page.resultType === "NOT_READY") await delay(100);
        else token += 1;
      }
      return { rows, ...(page.jobID === undefined ? {} : { job: page.jobID }) };
    },
  };
}

interface ResultPage {
  readonly resultType: "NOT_READY" | "PAYLOAD" | "EOS";
  readonly jobID?: string;
  readonly results?: { readonly data: readonly { readonly fields: unknown[] }[] };
}

const send = async <Answer>(url: string, body: unknown): Promise<Answer> =>
  receive<Answer>(
    await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

async function receive<Answer>(answer: Response): Promise<Answer> {
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return JSON.parse(text) as Answer;
}
