import { cleanValue, type Plain } from "../../scan/clean-value.ts";
import type { JsonNode, JsonObject } from "../../scan/json-node.ts";
import type { ScanProgram } from "../../scan/program.ts";
import { readLeaf } from "../../scan/read-leaf.ts";

/** JSON text by key, nested. */
type DraftNode = Map<string, string | DraftNode>;

/** Key under which a draft keeps what doesn't fit its declared field. */
const UNMAPPED = "unmapped";

/**
 * An event of a topic being made from a client's message. A value that doesn't fit the field it
 * would go to is kept beside it under `unmapped`, so that a stock client's messages are accepted.
 */
export class Draft {
  readonly #program: ScanProgram;
  readonly #bytes: Buffer;
  readonly #root: DraftNode = new Map();
  readonly #unmapped = new Map<string, string>();

  /** `bytes`: what the nodes given to the draft are ranges of. */
  constructor(program: ScanProgram, bytes: Buffer) {
    this.#program = program;
    this.#bytes = bytes;
  }

  declares(path: string): boolean {
    return this.#program.leaves.some((leaf) => leaf.path === path);
  }

  has(path: string): boolean {
    return this.#get(path) !== undefined;
  }

  /** Gives a declared field its value, if it is declared, fits and has none yet. */
  put(path: string, value: JsonNode | Plain | undefined): boolean {
    const leaf = this.#program.leaves.findIndex((each) => each.path === path);
    if (leaf === -1 || value === undefined || value.kind === "null" || this.has(path)) return false;
    const text = this.#fitting(leaf, value);
    if (text === undefined) return false;
    const steps = path.split(".");
    this.#nodeAt(steps.slice(0, -1)).set(steps.at(-1)!, text);
    return true;
  }

  putText(path: string, text: string | undefined): boolean {
    return text !== undefined && this.put(path, { kind: "string", text });
  }

  /** Sets an undeclared member at the top. */
  keep(key: string, node: JsonNode | undefined): void {
    if (node === undefined || this.#root.has(key)) return;
    if (this.#program.records[0]!.byName.has(key)) this.#unmapped.set(key, this.#raw(node));
    else this.#root.set(key, this.#raw(node));
  }

  /** Merges an object's members under a record (or an undeclared name) at the top. */
  merge(name: string, object: JsonNode | undefined, skip: ReadonlySet<string> = NONE): void {
    if (object?.kind !== "object") return;
    const target = this.#program.records[0]!.byName.get(name);
    if (target !== undefined && target >= 0) this.#unmapped.set(name, this.#raw(object));
    else this.#merge(target === undefined ? -1 : -1 - target, [name], object, skip);
  }

  #merge(
    record: number,
    steps: readonly string[],
    object: JsonObject,
    skip: ReadonlySet<string>,
  ): void {
    for (const [key, { value }] of object.members) {
      if (skip.has(key)) continue;
      const target = record === -1 ? undefined : this.#program.records[record]!.byName.get(key);
      if (target === undefined) {
        const node = this.#nodeAt(steps);
        if (!node.has(key)) node.set(key, this.#raw(value));
      } else if (target < 0 && value.kind === "object") {
        this.#merge(-1 - target, [...steps, key], value, NONE);
      } else if (target >= 0) {
        const { path } = this.#program.leaves[target]!;
        const isMissing = !this.has(path);
        if (!this.put(path, value) && isMissing) this.#keepUnmapped(path, value);
      } else this.#keepUnmapped([...steps, key].join("."), value);
    }
  }

  #keepUnmapped(path: string, value: JsonNode): void {
    if (value.kind !== "null") this.#unmapped.set(path, this.#raw(value));
  }

  /** Whether every field that must be there is. */
  isComplete(): boolean {
    return this.#program.leaves.every(
      (leaf) =>
        leaf.nullable ||
        this.has(leaf.path) ||
        leaf.clean.some((step) => step.kind === "default") ||
        this.#program.fills,
    );
  }

  /** The event's JSON. */
  json(): Buffer {
    if (this.#unmapped.size > 0) this.#root.set(UNMAPPED, new Map(this.#unmapped));
    return Buffer.from(textOf(this.#root));
  }

  #get(path: string): string | DraftNode | undefined {
    let node: string | DraftNode | undefined = this.#root;
    for (const step of path.split(".")) node = node instanceof Map ? node.get(step) : undefined;
    return node;
  }

  #nodeAt(steps: readonly string[]): DraftNode {
    let node = this.#root;
    for (const step of steps) {
      let next = node.get(step);
      if (!(next instanceof Map)) {
        next = new Map();
        node.set(step, next);
      }
      node = next;
    }
    return node;
  }

  /** JSON text of a value as its leaf takes it; `undefined` when it doesn't. */
  #fitting(index: number, value: JsonNode | Plain): string | undefined {
    const leaf = this.#program.leaves[index]!;
    const plain = cleanValue({ kind: "coerce" }, value, leaf.type);
    if (plain.kind === "null") return undefined;
    if (readLeaf(leaf, plain).kind === "value") return plainText(plain);
    const { type } = leaf;
    if (type.kind !== "decimal" || (plain.kind !== "number" && plain.kind !== "string")) {
      return undefined;
    }
    // A double's noise, such as 0.30000000000000004: clients compute in doubles.
    const number = Number(plain.text);
    if (!(Math.abs(number) < 1e15) || plain.text.trim() === "") return undefined;
    const rounded: Plain = { kind: "number", text: number.toFixed(Math.min(type.scale, 20)) };
    if (readLeaf(leaf, rounded).kind !== "value") return undefined;
    this.#unmapped.set(leaf.path, plainText(plain));
    return rounded.text;
  }

  #raw({ start, end }: JsonNode): string {
    return this.#bytes.toString("utf8", start, end);
  }
}

const NONE: ReadonlySet<string> = new Set();

function plainText(plain: Plain): string {
  switch (plain.kind) {
    case "string":
      return JSON.stringify(plain.text);
    case "number":
      return plain.text;
    case "boolean":
      return String(plain.value);
    default:
      return "null";
  }
}

function textOf(node: DraftNode): string {
  const members = [...node].map(
    ([key, value]) => `${JSON.stringify(key)}:${typeof value === "string" ? value : textOf(value)}`,
  );
  return `{${members.join(",")}}`;
}
