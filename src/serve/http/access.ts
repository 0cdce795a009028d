import { createHash, timingSafeEqual } from "node:crypto";
import { MillraceError } from "../../core/errors.ts";
import type { HttpRequest } from "./http-message.ts";

/** Decides who may read. Throws `UNAUTHENTICATED` or `FORBIDDEN`. */
export type ReadAccess = (request: HttpRequest) => void;

export interface AccessOptions {
  readonly adminKey: string;
  /** Whether the server listens on loopback only. */
  readonly loopback: boolean;
}

const LOOPBACK_NAMES = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * The admin key (`Authorization: Bearer …`, or Basic with any user) may read everything. On
 * loopback nobody needs a key, so that the page works at once; there the `Host` must be a loopback
 * name too, so that no web page can reach the data by a name of its own (DNS rebinding), and a
 * browser must say that the request comes from here.
 */
export function createReadAccess({ adminKey, loopback }: AccessOptions): ReadAccess {
  const expected = digest(adminKey);
  return (request) => {
    const sent = bearer(request.headers.authorization);
    if (sent !== undefined) {
      if (timingSafeEqual(digest(sent), expected)) return;
      throw new MillraceError("FORBIDDEN", "this key may not read", {
        hint: "use the admin key; `millrace up` names the file it is in",
      });
    }
    if (loopback && isLocalRequest(request)) return;
    throw new MillraceError("UNAUTHENTICATED", "reading needs the admin key", {
      hint: "send Authorization: Bearer <admin key>; `millrace up` names the file it is in",
    });
  };
}

function isLocalRequest({ headers }: HttpRequest): boolean {
  const { host = "", origin } = headers;
  const site = headers["sec-fetch-site"];
  const sameSite = site === undefined || site === "same-origin" || site === "none";
  const sameOrigin = origin === undefined || origin === `http://${host}`;
  return sameSite && sameOrigin && LOOPBACK_NAMES.test(host);
}

function bearer(header: string | undefined): string | undefined {
  const [scheme, value] = (header ?? "").split(" ", 2);
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === "bearer") return value;
  if (scheme?.toLowerCase() !== "basic") return undefined;
  return Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":");
}

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();
