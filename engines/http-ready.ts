import { get } from "node:http";

const TIMEOUT_MS = 5_000;

/**
 * Whether a GET is answered with success. Each on a connection of its own: `fetch` keeps refused
 * ones in its pool, where they would fail a later request to an engine that is up by then.
 */
export function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (answer) => {
      answer.resume().once("error", reject);
      resolve((answer.statusCode ?? 500) < 300);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", reject);
  });
}
