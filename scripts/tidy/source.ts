/** An import, export-from or dynamic import of a literal. */
export interface ImportOf {
  readonly specifier: string;
  readonly position: number;
}

/**
 * The source with the insides of comments, strings and regular expressions replaced by spaces (line
 * ends stay): what is left is code, at the same positions. Templates keep their `${…}` parts.
 */
export function blank(source: string): string {
  return new Blanker(source).run();
}

/** Everything a source imports, in order. */
export function importsOf(source: string, code: string = blank(source)): ImportOf[] {
  const found: ImportOf[] = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*(["'])( *)\1/g)) {
    const end = match.index + match[0].length - 1;
    const start = end - match[2]!.length;
    found.push({ specifier: source.slice(start, end), position: match.index });
  }
  return found;
}

/** Relative paths of TypeScript files named in strings, other than in imports (workers, children). */
export function pathsNamedIn(source: string): string[] {
  return [...source.matchAll(/["'`](\.{1,2}\/[\w./-]+\.ts)["'`]/g)].map((match) => match[1]!);
}

class Blanker {
  readonly #source: string;
  readonly #out: string[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    this.#code(false);
    return this.#out.join("");
  }

  /** Code up to the end, or up to the `}` that closes a template's `${`. */
  #code(isInTemplate: boolean): void {
    let depth = 0;
    while (this.#at < this.#source.length) {
      const char = this.#source[this.#at]!;
      const next = this.#source[this.#at + 1];
      if (char === "/" && next === "/") this.#hideTo(this.#find("\n", this.#at));
      else if (char === "/" && next === "*") this.#hideTo(this.#find("*/", this.#at + 2) + 2);
      else if (char === '"' || char === "'") this.#quoted(char);
      else if (char === "`") this.#template();
      else if (char === "/" && this.#startsRegExp()) this.#regExp();
      else {
        if (char === "{") depth += 1;
        if (char === "}" && depth-- === 0 && isInTemplate) return;
        this.#keep();
      }
    }
  }

  #quoted(quote: string): void {
    this.#keep();
    let end = this.#at;
    while (end < this.#source.length && this.#source[end] !== quote) {
      if (this.#source[end] === "\n") break;
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#hideTo(end);
    this.#keep();
  }

  #template(): void {
    this.#keep();
    while (this.#at < this.#source.length && this.#source[this.#at] !== "`") {
      if (this.#source.startsWith("${", this.#at)) {
        this.#keep();
        this.#keep();
        this.#code(true);
        this.#keep();
      } else this.#hideTo(this.#at + (this.#source[this.#at] === "\\" ? 2 : 1));
    }
    this.#keep();
  }

  #regExp(): void {
    let end = this.#at + 1;
    let isInClass = false;
    while (end < this.#source.length && this.#source[end] !== "\n") {
      const char = this.#source[end]!;
      if (char === "\\") end += 1;
      else if (char === "[") isInClass = true;
      else if (char === "]") isInClass = false;
      else if (char === "/" && !isInClass) break;
      end += 1;
    }
    this.#hideTo(end + 1);
  }

  /** Whether a `/` begins a regular expression: after an operator, a bracket or some keywords. */
  #startsRegExp(): boolean {
    const before = this.#out.slice(-40).join("").trimEnd();
    return (
      before === "" || /(?:[-(,=:[!&|?{};+*%<>~^]|\b(?:return|typeof|case|in|of))$/.test(before)
    );
  }

  #find(text: string, from: number): number {
    const found = this.#source.indexOf(text, from);
    return found === -1 ? this.#source.length : found;
  }

  #keep(): void {
    if (this.#at < this.#source.length) this.#out.push(this.#source[this.#at]!);
    this.#at += 1;
  }

  #hideTo(end: number): void {
    const hidden = this.#source.slice(this.#at, end);
    for (const char of hidden.replaceAll(/[^\n]/g, " ")) this.#out.push(char);
    this.#at = Math.min(end, this.#source.length);
  }
}
