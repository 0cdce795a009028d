/** One mistake in a definition. */
export interface Problem {
  /** The node's kind and name, such as `metric page-view-counts`. */
  readonly node: string;
  /** The field, measure or option of the node that it is about. */
  readonly field: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}
