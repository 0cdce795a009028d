import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Route } from "../http/route.ts";

/** A file of the page: where it is served, where it lies below the project's root, its type. */
const FILES = [
  ["/", "web/index.html", "text/html; charset=utf-8"],
  ["/page/page.css", "web/page.css", "text/css; charset=utf-8"],
  ["/page/page.js", "web/page.js", "text/javascript; charset=utf-8"],
  ["/page/icon.svg", "web/icon.svg", "image/svg+xml"],
  ["/t.js", "sdk/tracker.js", "text/javascript; charset=utf-8"],
] as const;

const ROOT = new URL("../../../", import.meta.url);

/** Nothing from elsewhere, nothing inline but what the page's own script sets. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** The page at `/` and the tracker at `/t.js`, read once. */
export async function pageRoutes(): Promise<readonly Route[]> {
  return Promise.all(
    FILES.map(async ([path, file, type]): Promise<Route> => {
      const body = await readFile(new URL(file, ROOT));
      const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 16)}"`;
      const isTracker = path === "/t.js";
      const headers = {
        "content-type": type,
        etag: tag,
        "cache-control": isTracker ? "public, max-age=3600" : "no-cache",
        ...(isTracker
          ? { "cross-origin-resource-policy": "cross-origin" }
          : { "content-security-policy": POLICY }),
      };
      return {
        method: "GET",
        path,
        access: "open",
        summary: isTracker ? "The tracker for web pages" : "A part of the page",
        answers: type.split(";")[0]!,
        handle: (request) =>
          request.headers["if-none-match"] === tag
            ? { status: 304, headers }
            : { status: 200, headers, body },
      };
    }),
  );
}
