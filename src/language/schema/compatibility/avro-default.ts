import type { AvroRecord, AvroType } from "./avro-type.ts";

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/**
 * Whether a JSON value can be the default of a type, as the Avro specification encodes defaults:
 * bytes and fixed as text of code points up to 255, a union by its first branch.
 */
export function avroDefaultFits(type: AvroType, value: unknown): boolean {
  switch (type.kind) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "int":
      return Number.isInteger(value) && Number(value) >= INT_MIN && Number(value) <= INT_MAX;
    case "long":
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 63;
    case "float":
    case "double":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "bytes":
      return isBytesText(value);
    case "fixed":
      return isBytesText(value) && value.length === type.size;
    case "enum":
      return typeof value === "string" && type.symbols.includes(value);
    case "array":
      return Array.isArray(value) && value.every((item) => avroDefaultFits(type.items, item));
    case "map":
      return isObject(value) && Object.values(value).every((v) => avroDefaultFits(type.values, v));
    case "union":
      return type.branches[0] !== undefined && avroDefaultFits(type.branches[0], value);
    case "record":
      return isObject(value) && recordFits(type, value);
  }
}

function recordFits(type: AvroRecord, value: Readonly<Record<string, unknown>>): boolean {
  return type.fields.every((field) => {
    if (!Object.hasOwn(value, field.name)) return field.default !== undefined;
    return avroDefaultFits(field.type, value[field.name]);
  });
}

function isBytesText(value: unknown): value is string {
  // oxlint-disable-next-line no-control-regex -- code points 0 to 255 are the specification's
  return typeof value === "string" && /^[\u0000-\u00ff]*$/u.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
