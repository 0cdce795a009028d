import { RegistryRefusal } from "./registry-error.ts";

/** A request as the registry's routes see it, whatever server it came through. */
export interface RegistryRequest {
  readonly method: string;
  /** Below the registry's root, still percent-encoded: `/subjects/a%2Fb/versions`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body as text; empty when there is none. */
  readonly body: string;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request on its way through a route. */
export interface RegistryCall {
  /** The decoded parameters of the path, in order. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

/** A route: `*` in the pattern is one parameter. The result is sent as JSON. */
export interface RegistryRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly pattern: string;
  readonly answer: (call: RegistryCall) => Promise<unknown>;
}

export const REGISTRY_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/** Whether a query parameter is set to true. */
export function flag(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === "true";
}

/** The first parameter of a path, which its pattern promises. */
export function first(call: RegistryCall): string {
  return call.parameters[0] ?? "";
}

/** A count in a query; negative means without bound, as in Confluent's registry. */
export function amount(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^-?\d{1,9}$/.test(text)) {
    throw new RegistryRefusal("unprocessable", `${name} must be a whole number`);
  }
  return text.startsWith("-") ? otherwise : Number(text);
}
