import { MillraceError } from "../../../core/errors.ts";
import type { Topic } from "../../plan/topic.ts";
import type { ValueType } from "../../schema/field-type.ts";

/** A column of a topic that the runner reads from its records. */
export interface RunnerColumn {
  /** A dotted path of the record, or a field on its top level. */
  readonly name: string;
  readonly type: ValueType;
}

/** Places that the first columns of every topic have. */
const HEAD = ["received_at", "_flags"] as const;

/**
 * The columns of a topic that something asks for, each at a place of its own: the rest of a record
 * is skipped. The first three are `received_at`, `_flags` and the event time.
 */
export class RunnerColumns {
  readonly #topic: Topic;
  readonly #places = new Map<string, number>();
  readonly #listed: RunnerColumn[] = [];

  constructor(topic: Topic) {
    this.#topic = topic;
    for (const name of [...HEAD, topic.time]) this.of(name, topic.name);
  }

  /** Where a column stands, and how many places after the point it has. */
  of(name: string, node: string): { readonly at: number; readonly scale: number } {
    const column = this.#topic.layout.columns.find((each) => each.name === name);
    if (column === undefined) {
      throw new MillraceError(
        "DEFINITION_INVALID",
        `${node}: rows of ${this.#topic.name} have no column ${name}`,
        { field: node },
      );
    }
    const { valueType: type } = column;
    let at = this.#places.get(name);
    if (at === undefined) {
      at = this.#listed.push({ name, type }) - 1;
      this.#places.set(name, at);
    }
    return { at, scale: type.kind === "decimal" ? type.scale : 0 };
  }

  /** All that were asked for. */
  get listed(): readonly RunnerColumn[] {
    return this.#listed;
  }
}
