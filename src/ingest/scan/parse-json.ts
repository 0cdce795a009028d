import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "../../core/errors.ts";
import { BYTE, plainEnd, skipSpace } from "./byte-class.ts";
import type { JsonMember, JsonNode } from "./json-node.ts";
import { scanNumber } from "./scan-number.ts";

/** Why bytes aren't a document that is taken. */
export interface JsonFailure {
  readonly kind: "failure";
  readonly code: ErrorCode;
  readonly message: string;
  /** The dotted path where there is one. */
  readonly field?: string;
}

export interface JsonBounds {
  readonly depthMax: number;
  readonly keysMax: number;
}

/**
 * The document in `bytes[start, end)`, exactly: RFC 8259, numbers as their text, a key twice in one
 * object and a lone surrogate refused. A failure is a value, for it is an attacker's lever.
 */
export function parseJson(
  bytes: Buffer,
  start: number,
  end: number,
  bounds: JsonBounds,
): JsonNode | JsonFailure {
  const slice = bytes.subarray(start, end);
  if (!isUtf8(slice)) return failure("EVENT_NOT_JSON", "the bytes aren't UTF-8");
  return new Parser(slice, start, bounds).document();
}

const failure = (code: ErrorCode, message: string, field?: string): JsonFailure => ({
  kind: "failure",
  code,
  message,
  ...(field === undefined ? {} : { field }),
});

class Parser {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** Added to positions, so that ranges are of the whole body. */
  readonly #base: number;
  readonly #bounds: JsonBounds;
  #at = 0;
  #keys = 0;

  constructor(bytes: Buffer, base: number, bounds: JsonBounds) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#base = base;
    this.#bounds = bounds;
  }

  document(): JsonNode | JsonFailure {
    const value = this.#value(0);
    if (value.kind === "failure") return value;
    this.#at = skipSpace(this.#bytes, this.#at);
    return this.#at < this.#bytes.length ? this.#unexpected() : value;
  }

  #unexpected(): JsonFailure {
    const found =
      this.#at >= this.#bytes.length
        ? "the end of the document"
        : JSON.stringify(this.#bytes.toString("utf8", this.#at, this.#at + 8));
    return failure("EVENT_NOT_JSON", `not JSON: unexpected ${found} at byte ${this.#at}`);
  }

  #value(depth: number): JsonNode | JsonFailure {
    const bytes = this.#bytes;
    const at = skipSpace(bytes, this.#at);
    this.#at = at;
    switch (bytes[at]) {
      case BYTE.quote: {
        const text = this.#string();
        if (typeof text !== "string") return text;
        return { kind: "string", text, ...this.#range(at) };
      }
      case BYTE.openBrace:
      case BYTE.open:
        if (depth >= this.#bounds.depthMax) {
          return failure("EVENT_TOO_DEEP", `nested deeper than ${this.#bounds.depthMax} levels`);
        }
        return bytes[at] === BYTE.open ? this.#array(depth) : this.#object(depth);
      case 116:
        return this.#literal("true") ?? { kind: "boolean", value: true, ...this.#range(at) };
      case 102:
        return this.#literal("false") ?? { kind: "boolean", value: false, ...this.#range(at) };
      case 110:
        return this.#literal("null") ?? { kind: "null", ...this.#range(at) };
      default: {
        const end = scanNumber(bytes, at);
        if (end === -1) return this.#unexpected();
        this.#at = end;
        return { kind: "number", text: bytes.toString("latin1", at, end), ...this.#range(at) };
      }
    }
  }

  #range(start: number): { start: number; end: number } {
    return { start: this.#base + start, end: this.#base + this.#at };
  }

  #literal(word: string): JsonFailure | undefined {
    if (this.#bytes.toString("latin1", this.#at, this.#at + word.length) !== word) {
      return this.#unexpected();
    }
    this.#at += word.length;
    return undefined;
  }

  #string(): string | JsonFailure {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let at = start;
    let escaped = false;
    for (;;) {
      at = plainEnd(this.#view, at, bytes.length);
      if (bytes[at] === BYTE.quote) break;
      if (bytes[at] !== BYTE.backslash) {
        this.#at = at;
        return this.#unexpected();
      }
      escaped = true;
      at += 2;
    }
    const raw = bytes.toString("utf8", start, at);
    const text = escaped ? unescape(raw) : raw;
    this.#at = at + 1;
    if (text === undefined)
      return failure("EVENT_NOT_JSON", `not JSON: a bad escape near byte ${at}`);
    if (escaped && !text.isWellFormed()) {
      return failure("EVENT_NOT_JSON", `a lone surrogate near byte ${at} isn't Unicode text`);
    }
    return text;
  }

  #array(depth: number): JsonNode | JsonFailure {
    const start = this.#at;
    const items: JsonNode[] = [];
    this.#at = skipSpace(this.#bytes, start + 1);
    if (this.#bytes[this.#at] === BYTE.close) this.#at++;
    else {
      for (;;) {
        const item = this.#value(depth + 1);
        if (item.kind === "failure") return item;
        items.push(item);
        this.#at = skipSpace(this.#bytes, this.#at);
        const byte = this.#bytes[this.#at];
        if (byte !== BYTE.comma && byte !== BYTE.close) return this.#unexpected();
        this.#at++;
        if (byte === BYTE.close) break;
      }
    }
    return { kind: "array", items, ...this.#range(start) };
  }

  #object(depth: number): JsonNode | JsonFailure {
    const start = this.#at;
    const members = new Map<string, JsonMember>();
    this.#at = skipSpace(this.#bytes, start + 1);
    if (this.#bytes[this.#at] === BYTE.closeBrace) this.#at++;
    else {
      for (;;) {
        const failed = this.#member(members, depth);
        if (failed !== undefined) return failed;
        this.#at = skipSpace(this.#bytes, this.#at);
        const byte = this.#bytes[this.#at];
        if (byte !== BYTE.comma && byte !== BYTE.closeBrace) return this.#unexpected();
        this.#at++;
        if (byte === BYTE.closeBrace) break;
      }
    }
    return { kind: "object", members, ...this.#range(start) };
  }

  #member(members: Map<string, JsonMember>, depth: number): JsonFailure | undefined {
    this.#at = skipSpace(this.#bytes, this.#at);
    const keyStart = this.#at;
    if (this.#bytes[keyStart] !== BYTE.quote) return this.#unexpected();
    const key = this.#string();
    if (typeof key !== "string") return key;
    const keyEnd = this.#at;
    if (++this.#keys > this.#bounds.keysMax) {
      return failure("EVENT_TOO_MANY_KEYS", `more than ${this.#bounds.keysMax} keys`);
    }
    if (members.has(key)) {
      return failure("FIELD_DUPLICATE", `the key ${JSON.stringify(key)} is there twice`, key);
    }
    this.#at = skipSpace(this.#bytes, keyEnd);
    if (this.#bytes[this.#at] !== BYTE.colon) return this.#unexpected();
    this.#at++;
    const value = this.#value(depth + 1);
    if (value.kind === "failure") return value;
    const base = this.#base;
    members.set(key, { keyStart: base + keyStart, keyEnd: base + keyEnd, value });
    return undefined;
  }
}

/** The text of a JSON string's inside with escapes; `undefined` when one is malformed. */
function unescape(raw: string): string | undefined {
  let bad = false;
  const text = raw.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, hex?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    const at = '"\\/bfnrt'.indexOf(char!);
    if (at === -1) bad = true;
    return '"\\/\b\f\n\r\t'[at] ?? "";
  });
  return bad ? undefined : text;
}
