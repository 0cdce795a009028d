import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { asMillraceError, MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { HttpClient, type HttpReply } from "../../http-client.ts";
import type { ObjectListing, ObjectStore } from "../objects/object-store.ts";

/** Where the lake is in a store that speaks S3, and who we are there. */
export interface S3Connection {
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** Of another store than Amazon's: `https://minio:9000`. */
  readonly endpoint?: string;
  /** Whether the bucket goes into the path, not the host's name; true where there is an endpoint. */
  readonly pathStyle?: boolean;
  /** What all keys begin with, without a slash at its end. */
  readonly prefix?: string;
  /** Authorities beside the system's that may sign its certificate, as PEM texts. */
  readonly ca?: string;
}

interface S3Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const TRIES_MAX = 5;
const FIRST_PAUSE_MS = 100;
const PARTS_MAX = 9_000; // S3 takes 10,000

/**
 * The few requests of S3 that a lake needs. Signed by `aws4fetch` (90 kB, no dependency) instead of
 * Amazon's SDK (megabytes, dozens of packages): what the SDK would add is credentials from many
 * places, and those are plain configuration here. Payloads are hashed, so a damaged one is refused.
 *
 * Errors are `LAKE_UNAVAILABLE` where trying again may help (some tries were made), `CONFIG_INVALID`
 * where the store doesn't let us in or has no such bucket.
 */
export class S3Client implements ObjectStore {
  readonly #connection: S3Connection;
  readonly #http: HttpClient;
  readonly #root: URL;

  constructor(connection: S3Connection) {
    this.#connection = connection;
    this.#root = rootOf(connection);
    this.#http = new HttpClient({
      name: "the lake's object store",
      unavailable: "LAKE_UNAVAILABLE",
      ...(connection.ca !== undefined && { ca: connection.ca }),
    });
  }

  url(key: string): string {
    return `s3://${this.#connection.bucket}/${key}`;
  }

  /** Where an object is to be had by HTTP, its key as it is: patterns of engines stay patterns. */
  httpUrl(key: string): string {
    return this.#root.href + key;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const reply = await this.#ask({ method: "GET", key });
    if (reply.status === 404) return undefined;
    return this.#done(`read ${key}`, reply).body;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    this.#done(`write ${key}`, await this.#ask({ method: "PUT", key, body }));
  }

  async create(key: string, body: Uint8Array): Promise<boolean> {
    const headers = { "if-none-match": "*" };
    const reply = await this.#ask({ method: "PUT", key, body, headers });
    if (reply.status === 412) return false;
    this.#done(`write ${key}`, reply);
    return true;
  }

  async delete(key: string): Promise<void> {
    const reply = await this.#ask({ method: "DELETE", key });
    if (reply.status !== 404) this.#done(`delete ${key}`, reply);
  }

  async list(
    prefix: string,
    { startAfter, folders = false }: { startAfter?: string; folders?: boolean } = {},
  ): Promise<ObjectListing> {
    const keys: string[] = [];
    const found: string[] = [];
    let token: string | undefined;
    do {
      const query = {
        "list-type": "2",
        prefix,
        ...(folders && { delimiter: "/" }),
        ...(startAfter !== undefined && { "start-after": startAfter }),
        ...(token !== undefined && { "continuation-token": token }),
      };
      const reply = this.#done(
        `list ${prefix}`,
        await this.#ask({ method: "GET", key: "", query }),
      );
      const xml = reply.body.toString("utf8");
      keys.push(...elements(xml, "Contents").flatMap((each) => element(each, "Key") ?? []));
      found.push(
        ...elements(xml, "CommonPrefixes").flatMap((each) => element(each, "Prefix") ?? []),
      );
      token = element(xml, "NextContinuationToken");
    } while (token !== undefined && token !== "");
    return { keys, folders: found };
  }

  /** Writes a file of this machine as an object, in parts where it is large. */
  async upload(key: string, path: string, bytes: number): Promise<void> {
    const partBytes = Math.max(LIMITS.s3PartBytes, Math.ceil(bytes / PARTS_MAX));
    const file = await open(path, "r");
    const part = async (at: number): Promise<Uint8Array> => {
      const length = Math.min(partBytes, bytes - at);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      if (bytesRead === length) return buffer;
      throw new MillraceError("STORAGE_FAILED", `${path} is shorter than it was`);
    };
    try {
      if (bytes <= partBytes) await this.put(key, await part(0));
      else await this.#uploadParts(key, bytes, partBytes, part);
    } finally {
      await file.close();
    }
  }

  close(): void {
    this.#http.close();
  }

  async #uploadParts(
    key: string,
    bytes: number,
    partBytes: number,
    part: (at: number) => Promise<Uint8Array>,
  ): Promise<void> {
    const what = `write ${key} in parts`;
    const begun = await this.#ask({ method: "POST", key, query: { uploads: "" } });
    const uploadId = element(this.#done(what, begun).body.toString("utf8"), "UploadId") ?? "";
    try {
      const tags: string[] = [];
      for (let at = 0; at < bytes; at += partBytes) {
        const query = { partNumber: String(tags.length + 1), uploadId };
        const reply = await this.#ask({ method: "PUT", key, query, body: await part(at) });
        tags.push(this.#done(what, reply).headers.etag ?? "");
      }
      const list = tags.map(
        (tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
      );
      const body = Buffer.from(
        `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`,
      );
      const ended = await this.#ask({ method: "POST", key, query: { uploadId }, body });
      // S3 may tell of a failure with status 200, because it began to answer before.
      const said = this.#done(what, ended).body.toString("utf8");
      if (said.includes("<Error>")) throw this.#failure(what, 500, said);
    } catch (error) {
      // Parts of an upload that isn't ended cost money and are never listed.
      await this.#ask({ method: "DELETE", key, query: { uploadId } }).catch(() => undefined);
      throw error;
    }
  }

  /** Asks until the store can answer; what it answers then may still be a refusal. */
  async #ask(call: S3Call): Promise<HttpReply> {
    for (let tries = 1; ; tries++) {
      let failure: unknown;
      try {
        const reply = await this.#send(call);
        const isBusy = reply.status >= 500 || reply.status === 429 || reply.status === 409;
        if (!isBusy || tries === TRIES_MAX) return reply;
      } catch (error) {
        failure = error;
      }
      if (failure !== undefined && tries === TRIES_MAX) throw asMillraceError(failure);
      await pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }

  async #send({ method, key, query = {}, headers = {}, body }: S3Call): Promise<HttpReply> {
    const { region, accessKey, secretKey, sessionToken } = this.#connection;
    const path = key.split("/").map(encodeURIComponent).join("/");
    const url = new URL(this.#root.href + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const hash = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": hash },
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: "s3",
      region,
    }).sign();
    return this.#http.send({
      method,
      url: signed.url,
      headers: Object.fromEntries(signed.headers),
      ...(body !== undefined && { body }),
    });
  }

  #done(what: string, reply: HttpReply): HttpReply {
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw this.#failure(what, reply.status, reply.body.toString("utf8"));
  }

  #failure(what: string, status: number, body: string): MillraceError {
    const code = element(body, "Code") ?? "";
    const said = [status, code, element(body, "Message")].filter(Boolean).join(" ");
    const message = `The lake's object store at ${this.#root.origin} refuses to ${what}: ${said}`;
    if (status === 401 || status === 403) {
      return new MillraceError("CONFIG_INVALID", message, {
        hint: "see its access key, secret key and region, and what they may do; and this clock",
      });
    }
    if (code === "NoSuchBucket" || status === 301) {
      return new MillraceError("CONFIG_INVALID", message, {
        hint: `make the bucket ${this.#connection.bucket}, or give the region and endpoint it is in`,
      });
    }
    return new MillraceError("LAKE_UNAVAILABLE", message, { hint: "see the store's log" });
  }
}

function rootOf({ bucket, region, endpoint, pathStyle }: S3Connection): URL {
  const host = endpoint ?? `https://s3.${region}.amazonaws.com`;
  if (!URL.canParse(host) || !/^https?:/.test(host)) {
    throw new MillraceError("CONFIG_INVALID", `${JSON.stringify(host)} isn't an S3 endpoint`, {
      hint: "give its address with http:// or https://",
    });
  }
  const root = new URL(host);
  if (pathStyle ?? endpoint !== undefined) return new URL(`/${bucket}/`, root);
  root.hostname = `${bucket}.${root.hostname}`;
  return new URL("/", root);
}

/** The texts of all elements of a name. S3's answers need no more of XML. */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map((found) => found[1] ?? "");

const element = (xml: string, name: string): string | undefined => {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(xml)?.[1];
  return text === undefined ? undefined : unescaped(text);
};

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#34;": '"',
  "&apos;": "'",
  "&#39;": "'",
  "&amp;": "&",
};

const unescaped = (text: string): string =>
  text.replace(/&(?:lt|gt|quot|apos|amp|#34|#39);/g, (entity) => ENTITIES[entity] ?? entity);

const escaped = (text: string): string =>
  text.replace(/[<>"&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
