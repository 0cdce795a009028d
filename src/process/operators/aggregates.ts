import type { Json } from "../../core/canonical-json.ts";
import type { RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import { metricComponents } from "../../language/plan/metric-row.ts";
import type { MetricNode } from "../../language/plan/nodes.ts";
import type { Value } from "../../language/plan/value.ts";
import { cellAt, setCell, Cells, type CellHolder } from "./cell-holder.ts";
import { cellKind, type CellKind } from "./cells.ts";
import type { RowExpressions } from "./row-expressions.ts";
import type { TextWriter } from "./text-writer.ts";

/** Where a component finds its condition and its value among a program's values. */
interface CellSlots {
  readonly kind: CellKind;
  readonly where: number | undefined;
  readonly value: number | undefined;
}

/** Components of a group, read. */
export interface AggregateValues {
  readonly components: readonly Value[];
  readonly incomplete: boolean;
}

/** One step of `add`. */
interface CellStep {
  readonly kind: CellKind;
  readonly where: (() => Value) | undefined;
  readonly value: (() => Value) | undefined;
}

/** The aggregates of a metric: what its groups keep, cell by cell. */
export class Aggregates {
  readonly #slots: readonly CellSlots[];
  #steps: readonly CellStep[] = [];

  constructor(metric: MetricNode, expressions: RowExpressions) {
    this.#slots = metricComponents(metric).map((component) => {
      const { aggregate } = component;
      return {
        kind: cellKind(component),
        where: aggregate.where === undefined ? undefined : expressions.value(aggregate.where),
        value: aggregate.kind === "count" ? undefined : expressions.value(aggregate.value),
      };
    });
  }

  /** Must come before `add`: the values of a program's current row are what it adds. */
  bind(program: RowProgram): void {
    const at = (index: number | undefined): (() => Value) | undefined =>
      index === undefined ? undefined : program.values[index];
    this.#steps = this.#slots.map(({ kind, where, value }) => ({
      kind,
      where: at(where),
      value: at(value),
    }));
  }

  /** Gives a holder the cells of a group without events. */
  begin(holder: CellHolder): void {
    for (const [index, { kind }] of this.#slots.entries()) setCell(holder, index, kind.zero());
  }

  /** Adds the program's current row. */
  add(holder: CellHolder): void {
    const steps = this.#steps;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      if (step.where !== undefined && step.where() !== true) continue;
      const value = step.value === undefined ? null : step.value();
      setCell(holder, index, step.kind.add(cellAt(holder, index), value));
    }
  }

  merge(into: CellHolder, from: CellHolder): void {
    for (const [index, { kind }] of this.#slots.entries()) {
      setCell(into, index, kind.merge(cellAt(into, index), cellAt(from, index)));
    }
  }

  /** What several groups are together. */
  merged(holders: readonly CellHolder[]): CellHolder {
    const all = new Cells();
    this.begin(all);
    for (const holder of holders) this.merge(all, holder);
    return all;
  }

  read(holder: CellHolder): AggregateValues {
    const values = this.#slots.map(({ kind }, index) => kind.read(cellAt(holder, index)));
    return {
      components: values.map((each) => each.value),
      incomplete: values.some((each) => each.incomplete),
    };
  }

  /** Writes the cells as JSON, each after a comma. */
  encode(holder: CellHolder, writer: TextWriter): void {
    const slots = this.#slots;
    for (let index = 0; index < slots.length; index++) {
      writer.text(",");
      slots[index]!.kind.encode(cellAt(holder, index), writer);
    }
  }

  decode(holder: CellHolder, json: readonly Json[]): void {
    for (const [index, { kind }] of this.#slots.entries()) {
      setCell(holder, index, kind.decode(json[index]!));
    }
  }
}
