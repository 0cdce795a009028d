import type { ModelNode, Plan } from "../../language/plan/nodes.ts";

/** A model and the topic that it reads in the end, directly or through other models. */
export interface SourcedModel {
  readonly model: ModelNode;
  readonly source: string;
}

/**
 * The models of a plan, what each reads before it. `topic`: only those that read it; `models`: only
 * these and what they read.
 */
export function modelsOf(
  plan: Plan,
  { topic, models }: { readonly topic?: string; readonly models?: readonly string[] } = {},
): readonly SourcedModel[] {
  const byName = new Map(plan.models.map((model) => [model.name, model]));
  const chain = (name: string): string[] => {
    const model = byName.get(name);
    return model === undefined ? [] : [...chain(model.from), name];
  };
  const wanted = new Set((models ?? plan.models.map(({ name }) => name)).flatMap(chain));
  return [...wanted]
    .map((name) => {
      const [first] = chain(name);
      return { model: byName.get(name)!, source: byName.get(first!)!.from };
    })
    .filter(({ source }) => topic === undefined || source === topic);
}
