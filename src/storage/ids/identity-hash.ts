import { assert } from "../../core/errors.ts";
import { halfSipHash, packWords, type HalfSipKey } from "./half-sip-hash.ts";

/** Words of 32 bits in one identity hash. */
export const HASH_WORDS = 3;

/** Bytes of the secret that keys the hash: one per data folder, made at its creation. */
export const SECRET_BYTES = 8;

/**
 * Hashes identities of one topic: `hash` writes the 96-bit PRF of (topic, key, event_id) into
 * `out[3 * index]`. Ranges are bytes `[start, end)` of `bytes`, which may overlap.
 */
export interface IdentityHash {
  hash(
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    idStart: number,
    idEnd: number,
    out: Uint32Array,
    index: number,
  ): void;
}

/**
 * The identity hash of one topic: HalfSipHash-1-3 with 96 bits of output under a key derived from
 * the folder's secret and the topic's name. It is keyed so that nobody can make two events collide
 * on purpose; at a thousand million ids the chance of an accidental collision is 10⁻¹¹.
 *
 * The message is the key's length, the key padded, the id padded: no two pairs give one message.
 */
export function identityHash(secret: Uint8Array, topic: string): IdentityHash {
  const key = topicKey(secret, topic);
  let words = new Uint32Array(256);
  return {
    hash(bytes, keyStart, keyEnd, idStart, idEnd, out, index) {
      const wordsMax = ((keyEnd - keyStart + idEnd - idStart) >>> 2) + 4;
      if (wordsMax > words.length) words = new Uint32Array(wordsMax * 2);
      words[0] = keyEnd - keyStart;
      const afterKey = packWords(bytes, keyStart, keyEnd, words, 1);
      const count = packWords(bytes, idStart, idEnd, words, afterKey);
      halfSipHash(words, count, key, 1, 3, out, index * HASH_WORDS, HASH_WORDS);
    },
  };
}

function topicKey(secret: Uint8Array, topic: string): HalfSipKey {
  assert(secret.length === SECRET_BYTES, `the secret has ${SECRET_BYTES} bytes`);
  const view = new DataView(secret.buffer, secret.byteOffset, secret.length);
  const root = { k0: view.getUint32(0, true), k1: view.getUint32(4, true) };
  const name = new TextEncoder().encode(topic);
  const words = new Uint32Array((name.length >>> 2) + 1);
  const derived = new Uint32Array(2);
  halfSipHash(words, packWords(name, 0, name.length, words, 0), root, 2, 4, derived, 0, 2);
  return { k0: derived[0]!, k1: derived[1]! };
}
