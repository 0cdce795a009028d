import { compileRows, type RowProgram } from "../../language/compile/javascript/compile-rows.ts";
import { expressionId } from "../../language/compile/javascript/expression-id.ts";
import type { Expression } from "../../language/plan/expression.ts";
import type { Layout } from "../../language/schema/layout.ts";

/** Collects what several operators evaluate over the rows of one topic, each expression once. */
export class RowExpressions {
  readonly #values = new Map<string, { readonly index: number; readonly node: Expression }>();
  readonly #keys: (readonly Expression[])[] = [];
  #slots = 0;

  /** Index among the program's `values`. */
  value(node: Expression): number {
    const id = expressionId(node);
    const known = this.#values.get(id);
    if (known !== undefined) return known.index;
    this.#values.set(id, { index: this.#values.size, node });
    return this.#values.size - 1;
  }

  /** Index among the program's `keys`. */
  key(dimensions: readonly Expression[]): number {
    return this.#keys.push(dimensions) - 1;
  }

  /** A place of its own among what a `GroupKey` knows. */
  slot(): number {
    return this.#slots++;
  }

  /** Fields that an older layout doesn't have are null. */
  compile(layout: Layout): RowProgram {
    const values = [...this.#values.values()].map((each) => each.node);
    return compileRows(layout, values, { keys: this.#keys, absent: "null" });
  }
}
