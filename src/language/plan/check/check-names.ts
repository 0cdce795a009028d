import { leavesOf } from "../../schema/leaf.ts";
import { nodesOf, type EventNode, type Plan, type TableNode } from "../nodes.ts";
import { checkTableSource } from "./check-table-source.ts";
import type { Problem } from "./problem.ts";

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,79}$/;
const FIELD_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,79}$/;

/** Names: well formed, and each used once over topics, metrics, models and cubes. */
export function checkNames(plan: Plan): readonly Problem[] {
  const seen = new Map<string, string>();
  return nodesOf(plan).flatMap((node): readonly Problem[] => {
    const label = `${node.kind} ${node.name}`;
    const problems: Problem[] = [];
    if (!NAME.test(node.name)) {
      problems.push({
        node: label,
        field: "name",
        message: `"${node.name}" can't be a name`,
        hint: "letters, digits, - and _, beginning with a letter, 80 at most",
      });
    }
    const other = seen.get(node.name);
    if (other !== undefined) {
      problems.push({
        node: label,
        field: "name",
        message: `the name is taken by ${other}`,
        hint: "give one of the two another name",
      });
    }
    seen.set(node.name, label);
    return problems;
  });
}

/** Declared fields: well formed names, none reserved, at least one; id, time and key exist. */
export function checkFields(plan: Plan): readonly Problem[] {
  return [...plan.events, ...plan.tables].flatMap((node) => [
    ...fieldNameProblems(node),
    ...(node.kind === "event" ? roleProblems(node) : tableProblems(node)),
  ]);
}

function fieldNameProblems(node: EventNode | TableNode): readonly Problem[] {
  const label = `${node.kind} ${node.name}`;
  return leavesOf(node.fields).flatMap(({ path }) => {
    const reserved = path === "received_at";
    const malformed = path.split(".").some((part) => !FIELD_NAME.test(part));
    if (!reserved && !malformed) return [];
    return [
      {
        node: label,
        field: path,
        message: reserved ? "`received_at` is stamped by the collector" : "this can't be a name",
        hint: reserved
          ? "leave it out, or call yours something else"
          : "letters, digits and _, beginning with a letter",
      },
    ];
  });
}

function roleProblems(node: EventNode): readonly Problem[] {
  const leaves = new Map(leavesOf(node.fields).map((leaf) => [leaf.path, leaf]));
  const label = `event ${node.name}`;
  const problems: Problem[] = [];
  const wants = (
    field: string,
    path: string,
    kinds: readonly string[],
    required: boolean,
  ): void => {
    const leaf = leaves.get(path);
    const fits = leaf !== undefined && kinds.includes(leaf.type.kind);
    if (fits && !(required && leaf.nullable)) return;
    problems.push({
      node: label,
      field,
      message: `\`${path}\` must be a${required ? " required" : ""} ${kinds.join(" or ")} field`,
      hint: leaf === undefined ? "declare it" : "change its type, or name another field",
    });
  };
  wants("id", node.id, ["id", "string"], true);
  wants("time", node.time, ["timestamp"], true);
  for (const path of node.key) wants("key", path, ["string", "id"], false);
  if (node.key.length === 0) {
    problems.push({ node: label, field: "key", message: "no key", hint: "name a field" });
  }
  const thirtyDays = 30 * 86_400_000;
  if (node.horizonMs > thirtyDays) {
    problems.push({
      node: label,
      field: "horizon",
      message: "ids are remembered for 30 days at most",
      hint: 'write horizon: "30d" or less',
    });
  }
  return problems;
}

const tableProblems = (node: TableNode): readonly Problem[] => [
  ...keyProblem(node),
  ...checkTableSource(node),
];

function keyProblem(node: TableNode): readonly Problem[] {
  const leaf = leavesOf(node.fields).find((each) => each.path === node.key);
  if (leaf !== undefined && !leaf.nullable && ["string", "id"].includes(leaf.type.kind)) return [];
  return [
    {
      node: `table ${node.name}`,
      field: "key",
      message: `\`${node.key}\` must be a required string field`,
      hint: "declare it without optional()",
    },
  ];
}
