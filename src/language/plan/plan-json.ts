import { canonicalJson } from "../../core/canonical-json.ts";
import { MillraceError } from "../../core/errors.ts";
import { fingerprint } from "../../core/fingerprint.ts";
import { deepFreeze } from "../../core/freeze.ts";
import type { AnomalyNode, MetricNode, Plan } from "./nodes.ts";

/** The stable JSON text of a plan: equal plans give equal texts. */
export const serialisePlan = (plan: Plan): string => canonicalJson(plan);

/** The plan of a text that `serialisePlan` wrote. Throws `DEFINITION_INVALID` on any other text. */
export function parsePlan(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MillraceError("DEFINITION_INVALID", "the plan isn't JSON", { cause });
  }
  const plan = value as Partial<Plan> | null;
  if (typeof plan !== "object" || plan?.kind !== "pipeline") {
    throw new MillraceError("DEFINITION_INVALID", "the JSON isn't a plan", {
      hint: "write it with `millrace compile --to plan`",
    });
  }
  if (plan.format !== 1) {
    throw new MillraceError(
      "DEFINITION_INVALID",
      `this version reads plans of format 1, not ${String(plan.format)}`,
      { field: "format" },
    );
  }
  return deepFreeze(plan as Plan);
}

/**
 * Identifies a metric's meaning: another definition under the same name is another meaning. Where it
 * is computed is no part of it.
 */
export const metricMeaning = (metric: MetricNode): string =>
  fingerprint(canonicalJson(withoutEngine(metric)));

const withoutEngine = ({ engine: _, ...meant }: MetricNode): Omit<MetricNode, "engine"> => meant;

const anomalyMeanings = new WeakMap<AnomalyNode, string>();

/** Identifies what an anomaly looks for: with another definition its history is another. */
export function anomalyMeaning(node: AnomalyNode, metric: MetricNode): string {
  let meaning = anomalyMeanings.get(node);
  if (meaning === undefined) {
    meaning = fingerprint(canonicalJson([node, withoutEngine(metric)]));
    anomalyMeanings.set(node, meaning);
  }
  return meaning;
}
