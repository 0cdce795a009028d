import { MillraceError } from "../../../core/errors.ts";

/** What an error says at most; Flink sends whole stack traces. */
const ERROR_CHARS_MAX = 2_000;

/**
 * One request to the REST API of Flink's SQL gateway, or of its JobManager. Errors: `SQL_FAILED`
 * with Flink's own words, `FLINK_UNAVAILABLE` where there was no answer.
 */
export async function flinkCall<Answer>(
  method: string,
  url: string,
  body?: unknown,
): Promise<Answer> {
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
