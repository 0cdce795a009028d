import type { MetricNode } from "../../language/plan/nodes.ts";
import { type KeySessions, sessionsCodec } from "./key-sessions.ts";
import type { Entry, EntryCodec, KeyedState } from "./keyed-state.ts";
import { MetricLogic, type MetricOperator, type OperatorOptions } from "./metric-operator.ts";
import { gridOf, type Pane, paneCodec } from "./pane.ts";
import { PaneOperator } from "./pane-operator.ts";
import type { RowExpressions } from "./row-expressions.ts";
import { SessionOperator } from "./session-operator.ts";

/** Makes the state of one operator. */
export type StateFactory = <E extends Entry>(codec: EntryCodec<E>) => KeyedState<E>;

/** The operator of a metric; its expressions are added to those of its topic. */
export function metricOperator(
  metric: MetricNode,
  expressions: RowExpressions,
  stateFor: StateFactory,
  options: OperatorOptions,
): MetricOperator {
  const logic = new MetricLogic(metric, expressions);
  const { window } = metric;
  if (window.kind === "session") {
    const waitMs = window.gapMs + metric.graceMs + options.slackMs;
    const state = stateFor<KeySessions>(sessionsCodec(logic.aggregates, waitMs));
    return new SessionOperator(logic, window.gapMs, state, options);
  }
  const state = stateFor<Pane>(paneCodec(logic.aggregates));
  return new PaneOperator(logic, gridOf(window), state, options);
}
