import { createHash } from "node:crypto";
import type { DerivedFunction } from "../../language/plan/expression.ts";
import type { Value } from "../../language/plan/value.ts";
import { urlHost, urlPath } from "./url-parts.ts";

/** The functions of derived fields over JavaScript values; null in gives null out. */
export const FUNCTIONS: Record<DerivedFunction, (args: readonly Value[]) => Value> = {
  path: ([url]) => (typeof url === "string" ? pathOf(url) : null),
  host: ([url]) => (typeof url === "string" ? hostOf(url) : null),
  queryParameter: ([url, name]) =>
    typeof url === "string" && typeof name === "string" ? parameterOf(url, name) : null,
  lower: ([text]) => (typeof text === "string" ? text.toLowerCase() : null),
  upper: ([text]) => (typeof text === "string" ? text.toUpperCase() : null),
  concat: (parts) => (parts.every((part) => typeof part === "string") ? parts.join("") : null),
  sha256: ([text]) =>
    typeof text === "string" ? createHash("sha256").update(text).digest("hex") : null,
  hourOfDay: ([ms]) =>
    typeof ms === "number" ? BigInt(modulo(Math.floor(ms / 3_600_000), 24)) : null,
  // 1970-01-01 was a Thursday
  dayOfWeek: ([ms]) =>
    typeof ms === "number" ? BigInt(modulo(Math.floor(ms / 86_400_000) + 3, 7) + 1) : null,
  geohash: ([latitude, longitude, characters]) =>
    typeof latitude === "number" && typeof longitude === "number"
      ? geohash(latitude, longitude, Number(characters ?? 5n))
      : null,
};

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

function pathOf(url: string): string | null {
  const bytes = Buffer.from(url);
  const range = { start: 0, end: 0 };
  if (!urlPath(bytes, 0, bytes.length, range)) return null;
  return range.start === range.end ? "/" : bytes.toString("utf8", range.start, range.end);
}

function hostOf(url: string): string | null {
  const bytes = Buffer.from(url);
  const range = { start: 0, end: 0 };
  if (!urlHost(bytes, 0, bytes.length, range)) return null;
  const host = bytes.toString("utf8", range.start, range.end);
  return host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function parameterOf(url: string, name: string): string | null {
  const query = url.indexOf("?");
  if (query === -1) return null;
  const hash = url.indexOf("#");
  if (hash !== -1 && hash < query) return null;
  for (const pair of url.slice(query + 1, hash === -1 ? undefined : hash).split("&")) {
    const equals = pair.indexOf("=");
    if (decoded(equals === -1 ? pair : pair.slice(0, equals)) !== name) continue;
    return equals === -1 ? "" : decoded(pair.slice(equals + 1));
  }
  return null;
}

/** Percent-decoded, `+` as a space; what is malformed stays as it is. */
function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

const BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz";

/** G. Niemeyer's geohash: bits of longitude and latitude by turns, five a character. */
function geohash(latitude: number, longitude: number, characters: number): string | null {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  if (!(characters >= 1 && characters <= 12)) return null;
  const bounds = [
    [-180, 180],
    [-90, 90],
  ] as [[number, number], [number, number]];
  let text = "";
  for (let bit = 0, digit = 0; text.length < characters; bit++) {
    const range = bounds[bit % 2 === 0 ? 0 : 1];
    const middle = (range[0] + range[1]) / 2;
    const upper = (bit % 2 === 0 ? longitude : latitude) >= middle;
    range[upper ? 0 : 1] = middle;
    digit = digit * 2 + (upper ? 1 : 0);
    if (bit % 5 === 4) {
      text += BASE32[digit]!;
      digit = 0;
    }
  }
  return text;
}
