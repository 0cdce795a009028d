import { MillraceError } from "../../core/errors.ts";
import { parseTime } from "../../ingest/scan/parse-time.ts";

/** One line of `given.jsonl`: a document, and how it comes to the door. */
export interface GivenDocument {
  /** Number of the line, from 1. */
  readonly line: number;
  /** The document's own text, without the members that begin with `@`. */
  readonly text: string;
  /** `@topic`: the event or table it is for; otherwise the first event that accepts it. */
  readonly topic: string | undefined;
  /** `@received_at`: when it comes in, ms. */
  readonly receivedAt: number | undefined;
  /** `@path`: where it is posted; `/v1/events`, or a path of a client's protocol. */
  readonly path: string;
}

const DIRECTIVE = /^\s*\{\s*"(@\w+)"\s*:\s*("(?:[^"\\]|\\.)*")\s*(,|(?=\}))/;
const KNOWN = ["@topic", "@received_at", "@path"];

/**
 * The documents of a `given.jsonl`: one a line, as a client would send it. Empty lines and lines
 * that begin with `//` are for readers. Members whose names begin with `@`, first in a line, say
 * how the document comes in; the rest reaches the door byte for byte. Throws `CONFIG_INVALID`.
 */
export function parseGiven(text: string, file = "given.jsonl"): readonly GivenDocument[] {
  return text.split("\n").flatMap((line, index) => {
    const isForReaders = line.trim() === "" || line.trimStart().startsWith("//");
    return isForReaders ? [] : [parseLine(line, index + 1, file)];
  });
}

function parseLine(text: string, line: number, file: string): GivenDocument {
  const said = new Map<string, string>();
  let rest = text;
  for (let match = DIRECTIVE.exec(rest); match !== null; match = DIRECTIVE.exec(rest)) {
    const [whole, name = "", value = '""'] = match;
    if (!KNOWN.includes(name)) {
      throw new MillraceError("CONFIG_INVALID", `${file}:${line}: there is no ${name}`, {
        field: name,
        hint: `a document may begin with ${KNOWN.join(", ")}`,
      });
    }
    said.set(name, JSON.parse(value) as string);
    rest = `{${rest.slice(whole.length)}`;
  }
  const received = said.get("@received_at");
  const receivedAt = received === undefined ? undefined : parseTime(received);
  if (received !== undefined && receivedAt === undefined) {
    throw new MillraceError("CONFIG_INVALID", `${file}:${line}: "${received}" isn't a time`, {
      field: "@received_at",
      hint: "write it like 2026-01-31T10:00:00Z",
    });
  }
  const path = said.get("@path") ?? "/v1/events";
  return { line, text: rest, topic: said.get("@topic"), receivedAt, path };
}
