import { checkPlan } from "../../language/plan/check/check-plan.ts";
import { definitionFile, loadDefinition } from "../../runtimes/definition/load-definition.ts";
import { resolve } from "node:path";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "check",
  summary: "report mistakes in a definition",
  usage: ["millrace check [FILE or FOLDER]"],
  details:
    "Loads the definition and reports every mistake with the node, the field and what to do\nabout it. Exit code 1 when there are any.",
  options: { json: { type: "boolean", description: "print the problems as JSON" } },
  run: async (args, io) => {
    const file = definitionFile(resolve(io.cwd, args.positionals[0] ?? "."));
    const plan = await loadDefinition(file);
    const problems = checkPlan(plan);
    if (args.flag("json")) {
      io.out(`${JSON.stringify({ file, problems }, null, 2)}\n`);
    } else if (problems.length === 0) {
      io.out(`${file}: no mistakes (${describe(plan)})\n`);
    } else {
      for (const { node, field, message, hint } of problems) {
        io.out(`${node}, ${field}: ${message}\n  hint: ${hint}\n`);
      }
    }
    return problems.length === 0 ? 0 : 1;
  },
};

const describe = (plan: Awaited<ReturnType<typeof loadDefinition>>): string =>
  (["events", "tables", "streams", "metrics", "rules", "models", "cubes"] as const)
    .filter((part) => plan[part].length > 0)
    .map((part) => `${plan[part].length} ${plan[part].length === 1 ? part.slice(0, -1) : part}`)
    .join(", ");
