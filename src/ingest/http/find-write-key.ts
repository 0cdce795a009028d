import type { CollectRequest } from "./collect-request.ts";

/** Every write key that a request may carry, in the order in which they are tried. */
export function writeKeysOf(request: CollectRequest, inBody: string | undefined): string[] {
  const { headers, query } = request;
  const [scheme, value] = (headers["authorization"] ?? "").split(" ", 2);
  const found = [
    scheme?.toLowerCase() === "bearer" ? value : undefined,
    scheme?.toLowerCase() === "basic" ? userOf(value ?? "") : undefined,
    headers["x-write-key"],
    query.get("write_key") ?? query.get("writeKey") ?? query.get("writekey") ?? undefined,
    inBody,
  ];
  return found.filter((key) => key !== undefined && key !== "") as string[];
}

/** The user of Basic credentials; clients send the write key as user, with no password. */
function userOf(credentials: string): string {
  const text = Buffer.from(credentials, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? text : text.slice(0, colon);
}
