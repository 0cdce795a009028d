import { dirname, relative, resolve } from "node:path";
import { asMillraceError } from "../../core/errors.ts";
import { definitionFile, loadDefinition } from "../../runtimes/definition/load-definition.ts";
import { findTests, type NamedPipelineTest } from "../../runtimes/testing/find-tests.ts";
import { runPipelineTest } from "../../runtimes/testing/pipeline-test.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { Command } from "../command.ts";

/** What one test came to. */
interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly documents: number;
  readonly report: string;
}

export const command: Command = {
  name: "test",
  summary: "run a project's data-only tests",
  usage: ["millrace test [FILE or FOLDER]"],
  details: `Takes the documents of each tests/<name>/given.jsonl through the door and the metrics of the
pipeline.ts beside them, and compares what comes of them with tests/<name>/expect.jsonl. Starts no
server. Exit code 1 when a test fails. See docs/guides/testing-a-pipeline.md.`,
  options: {
    only: { type: "string", value: "NAME", description: "run this test alone" },
    json: { type: "boolean", description: "print the results as JSON" },
  },
  run: async (args, io) => {
    const started = io.clock.monotonicMs();
    const file = definitionFile(resolve(io.cwd, args.positionals[0] ?? "."));
    const plan = await loadDefinition(file);
    const only = args.text("only");
    const tests = findTests(dirname(file)).filter(
      ({ name }) => only === undefined || name === only,
    );
    const outcomes: Outcome[] = [];
    for (const test of tests) outcomes.push(await runTest(plan, test));
    const failed = outcomes.filter(({ passed }) => !passed);
    if (args.flag("json")) {
      io.out(`${JSON.stringify({ file, tests: outcomes }, null, 2)}\n`);
    } else {
      for (const outcome of outcomes) io.out(lines(outcome));
      const ms = Math.round(io.clock.monotonicMs() - started);
      const passed = outcomes.length - failed.length;
      const where = relative(io.cwd, dirname(file)) || ".";
      const none =
        only === undefined ? `${where}/tests has no tests\n` : `no test is named ${only}\n`;
      io.out(tests.length === 0 ? none : `${passed} passed, ${failed.length} failed (${ms} ms)\n`);
    }
    return failed.length > 0 || (tests.length === 0 && only !== undefined) ? 1 : 0;
  },
};

async function runTest(plan: Plan, test: NamedPipelineTest): Promise<Outcome> {
  const { name } = test;
  try {
    const { documents, report } = await runPipelineTest({ plan }, test);
    return { name, passed: report === "", documents, report };
  } catch (thrown) {
    const { code, message, hint } = asMillraceError(thrown);
    if (code !== "CONFIG_INVALID") throw thrown;
    const report = hint === undefined ? message : `${message}\nhint: ${hint}`;
    return { name, passed: false, documents: 0, report };
  }
}

function lines({ name, passed, documents, report }: Outcome): string {
  if (passed) return `✓ ${name} (${documents} ${documents === 1 ? "document" : "documents"})\n`;
  return `✗ ${name}\n${report.replaceAll(/^/gm, "  ")}\n`;
}
