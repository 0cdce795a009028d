import type { Entry, EntryCodec } from "./keyed-state.ts";
import { TextWriter } from "./text-writer.ts";

const writer = new TextWriter();

/** The text of one entry. */
export function textOf<E extends Entry>(codec: EntryCodec<E>, entry: E): string {
  codec.encode(entry, writer);
  return writer.take();
}
