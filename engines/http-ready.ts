import { get } from "node:http";

const TIMEOUT_MS = 5_000;

/**
 * Whether a GET is answered with success. Each on a connection of its own: `fetch` keeps refused
 * ones in its pool, where they would fail a later request to an engine that is up by then.
 */
export const answersOk = async (url: string): Promise<boolean> => (await textAt(url)) !== undefined;

/** The JSON that is answered; `undefined` where it isn't one of success. */
export async function jsonAt(url: string): Promise<unknown> {
  const text = await textAt(url);
  return text === undefined ? undefined : JSON.parse(text);
}

function textAt(url: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
      answer.once("end", () => resolve((answer.statusCode ?? 500) < 300 ? text : undefined));
      answer.once("error", reject);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
  });
}
