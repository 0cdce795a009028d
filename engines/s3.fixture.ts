import { createHash, createHmac } from "node:crypto";
import type { ClusterAddresses } from "./cluster-addresses.ts";

type S3Address = NonNullable<ClusterAddresses["s3"]>;

const sha256 = (bytes: string | Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/**
 * One signed request on a path without a query. The product has a client of its own; this one
 * tells whether the server is one.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function s3Request(
  { endpoint, region, accessKey, secretKey }: S3Address,
  method: "GET" | "PUT",
  path: string,
  body: { readonly text?: string; readonly at: Date },
): Promise<Response> {
  const time = `${body.at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const hash = sha256(body.text ?? "");
  const { host } = new URL(endpoint);
  const names = "host;x-amz-content-sha256;x-amz-date";
  const headers = [`host:${host}`, `x-amz-content-sha256:${hash}`, `x-amz-date:${time}`];
  const canonical = [method, path, "", ...headers, "", names, hash].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>(hmac, `AWS4${secretKey}`);
  const signature = hmac(key, toSign).toString("hex");
  const credential = `Credential=${accessKey}/${scope}`;
  return fetch(endpoint + path, {
    method,
    headers: {
      "x-amz-content-sha256": hash,
      "x-amz-date": time,
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
    },
    ...(body.text === undefined ? {} : { body: body.text }),
  });
}
