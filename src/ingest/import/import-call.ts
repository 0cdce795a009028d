import { MillraceError } from "../../core/errors.ts";
import type { ImportName } from "./import-progress.ts";
import type { ImportReceiver } from "./import-receiver.ts";

/**
 * `/v1/import?topic&file[&reading]`, behind the admin key: GET tells the progress; POST with
 * `first` (and `zone`, `values=text`, `dry=1`) takes a batch of rows, with `end=1` ends the import.
 * Gives the answer's JSON; throws a `MillraceError` for any other.
 */
export async function answerImport(
  receiver: ImportReceiver,
  method: string,
  query: URLSearchParams,
  body: Buffer,
): Promise<unknown> {
  const name = importName(query);
  if (method === "GET") return receiver.progress(name);
  if (method !== "POST") {
    throw new MillraceError("METHOD_NOT_ALLOWED", `${method} isn't for imports: GET or POST`);
  }
  if (query.get("end") === "1") return receiver.complete(name);
  const first = Number(query.get("first") ?? "1");
  if (!Number.isSafeInteger(first) || first < 1) {
    throw parameterError("first", "is the number of a row, from 1");
  }
  const zone = query.get("zone") ?? undefined;
  const texts = query.get("values") === "text";
  const isDryRun = query.get("dry") === "1";
  return receiver.receive({ ...name, first, zone, texts, isDryRun, body });
}

function importName(query: URLSearchParams): ImportName {
  const file = query.get("file") ?? "";
  if (!/^[0-9a-f]{64}$/.test(file)) {
    throw parameterError("file", "is the SHA-256 of the file, in hexadecimal");
  }
  const topic = query.get("topic");
  if (topic === null || topic === "") throw parameterError("topic", "is the event's name");
  return { file, topic, reading: (query.get("reading") ?? "").slice(0, 64) };
}

const parameterError = (field: string, what: string): MillraceError =>
  new MillraceError("PARAMETER_INVALID", `?${field}= ${what}`, { field });
