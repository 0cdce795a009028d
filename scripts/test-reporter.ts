/**
 * A reporter of node:test for `test-run.ts`: one JSON record a line, marked so that what tests
 * themselves print can be told apart.
 */
import { inspect } from "node:util";
import type { TestEvent } from "node:test/reporters";
import { NOT_RUN } from "../engines/not-run.ts";

/** Begins a record (ASCII record separator). */
export const MARK = "\u001e";

/** What the reporter tells. */
export type TestRecord =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly name: string; readonly where: string; readonly why: string }
  | { readonly kind: "notRun"; readonly name: string; readonly why: string }
  | { readonly kind: "printed"; readonly text: string }
  | {
      readonly kind: "summary";
      readonly passed: number;
      readonly failed: number;
      readonly skipped: number;
    };

export async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const record = recordOf(event);
    if (record !== undefined) yield `${MARK}${JSON.stringify(record)}\n`;
  }
}

function recordOf(event: TestEvent): TestRecord | undefined {
  if (event.type === "test:pass") {
    const { name, skip } = event.data;
    if (typeof skip === "string" && skip.startsWith(NOT_RUN)) {
      return { kind: "notRun", name, why: skip.slice(NOT_RUN.length) };
    }
    return event.data.details.type === "suite" ? undefined : { kind: "passed" };
  }
  if (event.type === "test:stderr" || event.type === "test:stdout") {
    return { kind: "printed", text: event.data.message };
  }
  if (event.type === "test:summary") {
    if (event.data.file !== undefined) return undefined;
    const { tests, passed, skipped, todo } = event.data.counts;
    const failed = tests - passed - skipped - todo;
    return { kind: "summary", passed, failed, skipped: skipped + todo };
  }
  if (event.type !== "test:fail") return undefined;
  const { name, file, line, details } = event.data;
  const error: unknown = details.error;
  // A suite or file fails because a test in it did; that one is told already.
  if (error instanceof Error && "failureType" in error && error.failureType === "subtestsFailed") {
    return undefined;
  }
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause);
  return { kind: "failed", name, where: `${file ?? "?"}:${line ?? 0}`, why };
}

export { report as default };
