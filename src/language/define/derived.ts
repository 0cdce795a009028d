import { valueOf, type NumberValue, type TextValue, type TimeValue } from "./expression.ts";
import type { DerivedFunction } from "../plan/expression.ts";
import type { AnyValue } from "./expression.ts";

const call = <V extends AnyValue>(fn: DerivedFunction, ...args: readonly AnyValue[]): V =>
  valueOf<V>({ kind: "call", fn, args: args.map((each) => each.node) });

const text = (value: string): TextValue =>
  valueOf({ kind: "literal", type: { kind: "string" }, value });

/** The path of a URL: `https://shop.example/a/b?c=1` → `/a/b`. Null when it isn't a URL or path. */
export const path = (url: TextValue): TextValue => call("path", url);

/** The host of a URL in lower case, without port; null when it has none. */
export const host = (url: TextValue): TextValue => call("host", url);

/** The first value of a query parameter of a URL, percent-decoded; null when it has none. */
export const queryParameter = (url: TextValue, name: string): TextValue =>
  call("queryParameter", url, text(name));

/** Lower case, by Unicode's default mapping. */
export const lower = (value: TextValue): TextValue => call("lower", value);

/** Upper case, by Unicode's default mapping. */
export const upper = (value: TextValue): TextValue => call("upper", value);

/** The texts one after another; null when any is. */
export const concat = (...parts: readonly (TextValue | string)[]): TextValue =>
  call("concat", ...parts.map((part) => (typeof part === "string" ? text(part) : part)));

/** SHA-256 of the UTF-8 text, 64 hex digits. */
export const sha256 = (value: TextValue): TextValue => call("sha256", value);

/** 0 to 23, UTC. */
export const hourOfDay = (time: TimeValue): NumberValue<"integer"> => call("hourOfDay", time);

/** 1 (Monday) to 7 (Sunday), UTC. */
export const dayOfWeek = (time: TimeValue): NumberValue<"integer"> => call("dayOfWeek", time);

/** The geohash cell (G. Niemeyer) of a place in degrees, of 1 to 12 characters. */
export const geohash = (
  latitude: NumberValue<"float">,
  longitude: NumberValue<"float">,
  characters = 5,
): TextValue =>
  call(
    "geohash",
    latitude,
    longitude,
    valueOf({ kind: "literal", type: { kind: "integer" }, value: String(characters) }),
  );
