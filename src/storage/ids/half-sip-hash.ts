/** A 64-bit key as two little-endian words. */
export interface HalfSipKey {
  readonly k0: number;
  readonly k1: number;
}

/**
 * HalfSipHash-c-d over message words (J.-P. Aumasson's reference code, CC0): the last word must
 * already be the padded one, i.e. the left-over bytes with the length in its top byte.
 *
 * `outWords` 1 is the 32-bit variant, 2 the 64-bit one; 3 goes on in the manner of the second word
 * (another constant into `v1`, `d` more rounds) for 96 bits of the 128-bit state.
 */
export function halfSipHash(
  words: Uint32Array,
  count: number,
  key: HalfSipKey,
  cRounds: number,
  dRounds: number,
  out: Uint32Array,
  outAt: number,
  outWords: number,
): void {
  let v0 = key.k0 | 0;
  let v1 = outWords === 1 ? key.k1 | 0 : key.k1 ^ 0xee;
  let v2 = 0x6c796765 ^ key.k0;
  let v3 = 0x74656462 ^ key.k1;
  for (let at = 0; at < count; at++) {
    const word = words[at]! | 0;
    v3 ^= word;
    for (let round = 0; round < cRounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  v2 ^= outWords === 1 ? 0xff : 0xee;
  for (let word = 0; word < outWords; word++) {
    if (word > 0) v1 ^= word === 1 ? 0xdd : 0xcc;
    for (let round = 0; round < dRounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    out[outAt + word] = v1 ^ v3;
  }
}

/**
 * Packs `bytes[start, end)` into little-endian words from `words[at]` on, the last one padded as
 * SipHash does it. Gives the index after the last word.
 */
export function packWords(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
  at: number,
): number {
  let from = start;
  let to = at;
  for (; from + 4 <= end; from += 4) {
    words[to++] =
      bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24);
  }
  let last = (end - start) << 24;
  const left = end - from;
  if (left > 2) last |= bytes[from + 2]! << 16;
  if (left > 1) last |= bytes[from + 1]! << 8;
  if (left > 0) last |= bytes[from]!;
  words[to++] = last;
  return to;
}
