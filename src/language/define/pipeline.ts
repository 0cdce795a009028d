import { deepFreeze } from "../../core/freeze.ts";
import type { ClientMapping, Plan, PlanNode } from "../plan/nodes.ts";

type Defined<Kind extends PlanNode["kind"]> = {
  readonly node: Extract<PlanNode, { readonly kind: Kind }>;
};

export interface PipelineOptions {
  /** Names the project; letters, digits and dashes. */
  readonly name?: string;
  readonly events: readonly Defined<"event">[];
  readonly tables?: readonly Defined<"table">[];
  readonly streams?: readonly Defined<"stream">[];
  readonly metrics?: readonly Defined<"metric">[];
  readonly rules?: readonly Defined<"rule">[];
  readonly models?: readonly Defined<"model">[];
  readonly cubes?: readonly Defined<"cube">[];
  readonly alerts?: readonly Defined<"anomaly">[];
  /** Where the messages of clients with schemas of their own go; found by shape by default. */
  readonly clients?: ClientMapping;
}

/** A whole definition: the default export of a pipeline's file. */
export interface PipelineDefinition {
  readonly plan: Plan;
}

const nodes = <Node>(defined: readonly { readonly node: Node }[] | undefined): readonly Node[] =>
  (defined ?? []).map((each) => each.node);

/** Puts the parts of a definition together. Inert: `millrace check` says what is wrong with it. */
export function pipeline(options: PipelineOptions): PipelineDefinition {
  const plan: Plan = {
    kind: "pipeline",
    format: 1,
    name: options.name ?? "pipeline",
    events: nodes(options.events),
    tables: nodes(options.tables),
    streams: nodes(options.streams),
    metrics: nodes(options.metrics),
    anomalies: nodes(options.alerts),
    rules: nodes(options.rules),
    models: nodes(options.models),
    cubes: nodes(options.cubes),
    clients: options.clients ?? {},
  };
  return Object.freeze({ plan: deepFreeze(plan) });
}
