import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { LIMITS } from "../../core/limits.ts";

/** A write key as it is kept: never the key itself. */
export interface WriteKeyRecord {
  readonly id: string;
  /** Says to people which key it is. */
  readonly name: string;
  /** Hex. */
  readonly salt: string;
  /** SHA-256 of salt and key, hex. Keys are random: nothing slower is needed. */
  readonly hash: string;
}

/** Where the records of write keys are kept. */
export interface WriteKeyStore {
  records(): readonly WriteKeyRecord[];
}

const digest = (salt: Buffer, key: string): Buffer =>
  createHash("sha256").update(salt).update(key).digest();

/** The record of a key. */
export function writeKeyRecord(key: string, name: string): WriteKeyRecord {
  const salt = randomBytes(16);
  const hash = digest(salt, key).toString("hex");
  return { id: hash.slice(0, 8), name, salt: salt.toString("hex"), hash };
}

/** Knows keys by their hashes; remembers, in memory only, those that were right. */
export class WriteKeys {
  readonly #store: WriteKeyStore;
  readonly #known = new Map<string, WriteKeyRecord>();

  constructor(store: WriteKeyStore) {
    this.#store = store;
  }

  /** The record of a key that a client sent. */
  find(key: string): WriteKeyRecord | undefined {
    if (key.length === 0 || key.length > LIMITS.writeKeyCharactersMax) return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let found: WriteKeyRecord | undefined;
    for (const record of this.#store.records()) {
      const hash = digest(Buffer.from(record.salt, "hex"), key);
      if (timingSafeEqual(hash, Buffer.from(record.hash, "hex"))) found = record;
    }
    if (found !== undefined && this.#known.size < LIMITS.writeKeysCachedMax) {
      this.#known.set(key, found);
    }
    return found;
  }

  /** Forgets what is remembered: the store has changed. */
  forget(): void {
    this.#known.clear();
  }
}
