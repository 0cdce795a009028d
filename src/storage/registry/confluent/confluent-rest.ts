import { MillraceError } from "../../../core/errors.ts";
import { HttpClient } from "../../http-client.ts";

/** How to reach a registry that speaks Confluent's REST API. */
export interface RegistryConnection {
  /** The API's root, such as `http://registry:8081` or `http://apicurio:8080/apis/ccompat/v7`. */
  readonly url: string;
  /** HTTP Basic (Confluent Cloud: API key and secret), or a bearer token. */
  readonly auth?: { readonly username: string; readonly password: string } | { token: string };
  /** Authorities beside the system's that may sign its certificate, as PEM texts. */
  readonly ca?: string;
}

/** What the registry said: a value, or one of its errors. */
export type RegistryReply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly status: number;
      /** Confluent's five digits; 0 where the server gave none. */
      readonly errorCode: number;
      readonly message: string;
    };

type Query = Readonly<Record<string, string | boolean | undefined>>;

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/**
 * Requests to Confluent's REST API. Throws `REGISTRY_UNAVAILABLE` for what isn't an answer of a
 * registry, and `CONFIG_INVALID` where it doesn't let us in; any other refusal is a reply.
 */
export class ConfluentRest {
  readonly #root: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #client: HttpClient;

  constructor({ url, auth, ca }: RegistryConnection) {
    this.#root = rootOf(url);
    this.#headers = {
      accept: `${CONTENT_TYPE}, application/json`,
      "content-type": CONTENT_TYPE,
      ...(auth !== undefined && { authorization: authorization(auth) }),
    };
    this.#client = new HttpClient({
      name: "the schema registry",
      unavailable: "REGISTRY_UNAVAILABLE",
      ...(ca !== undefined && { ca }),
    });
  }

  /** `path` is below the root, its parts encoded by `pathOf`; a query's undefined and false are left out. */
  async ask(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    { query = {}, body }: { readonly query?: Query; readonly body?: object } = {},
  ): Promise<RegistryReply> {
    const url = new URL(this.#root + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== false) url.searchParams.set(name, String(value));
    }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await this.#client.send({ method, url, headers: this.#headers, ...sent });
    const { status } = reply;
    const value = parsed(reply.body.toString("utf8"));
    if (status >= 200 && status < 300) {
      if (value !== undefined) return { ok: true, value };
      throw notARegistry(url, `its answer to ${method} ${path} isn't JSON`);
    }
    const { error_code: code, message } = (value ?? {}) as Record<string, unknown>;
    if (status === 401 || status === 403) {
      throw new MillraceError(
        "CONFIG_INVALID",
        `The schema registry at ${url.origin} refuses ${method} ${path} with status ${status}`,
        { hint: "set its user and password, or its token; see that they may do this" },
      );
    }
    if (status < 400 || status >= 500) throw notARegistry(url, `status ${status}: ${message}`);
    return {
      ok: false,
      status,
      errorCode: typeof code === "number" ? code : 0,
      message: typeof message === "string" ? message : `status ${status}`,
    };
  }

  close(): void {
    this.#client.close();
  }
}

/** A path of encoded parts: a subject may have slashes in it. */
export const pathOf = (...parts: readonly (string | number)[]): string =>
  parts.map((part) => `/${encodeURIComponent(part)}`).join("");

/** A refusal that no method expects: a server that is something else, or has another version. */
export function unexpected(what: string, reply: RegistryReply & { ok: false }): MillraceError {
  return new MillraceError(
    "REGISTRY_UNAVAILABLE",
    `The schema registry refuses to ${what}: ${reply.message} (${reply.errorCode || reply.status})`,
    { hint: "see the registry's log" },
  );
}

function rootOf(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url.replace(/\/+$/, "");
  throw new MillraceError("CONFIG_INVALID", `${JSON.stringify(url)} isn't a registry's address`, {
    hint: "give the root of its Confluent API, such as http://registry:8081",
  });
}

function authorization(auth: NonNullable<RegistryConnection["auth"]>): string {
  if ("token" in auth) return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function notARegistry(url: URL, what: string): MillraceError {
  return new MillraceError(
    "REGISTRY_UNAVAILABLE",
    `The schema registry at ${url.origin} doesn't answer as one should: ${what}`,
    { hint: "see that the address is the root of its Confluent API, and its log" },
  );
}
