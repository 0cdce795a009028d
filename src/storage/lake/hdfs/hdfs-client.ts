import { open } from "node:fs/promises";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { randomHex } from "../../../core/random.ts";
import { HttpClient, type HttpReply } from "../../http-client.ts";
import type { ObjectListing, ObjectStore } from "../objects/object-store.ts";

/** Where the lake is in HDFS, and who we are there. */
export interface HdfsConnection {
  /** The NameNode's web address: `http://namenode:9870`, `https://…:9871`. */
  readonly url: string;
  /** The folder of the lake, such as `/lake`; made where it isn't there. */
  readonly path: string;
  /** Who writes: a cluster without Kerberos believes it. */
  readonly user: string;
  /** Authorities beside the system's that may sign its certificates, as PEM texts. */
  readonly ca?: string;
}

interface HdfsCall {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** What WebHDFS tells of an entry of a folder. */
interface FileStatus {
  readonly pathSuffix: string;
  readonly type: "FILE" | "DIRECTORY";
  readonly modificationTime: number;
}

/** What was begun this long ago, and never got its name, is nobody's any longer. */
const UNFINISHED_MS = 86_400_000;
const UNFINISHED = "_unfinished";

/**
 * A folder of HDFS as a store of objects, by WebHDFS. An object is written under a name of its own
 * and renamed, which the NameNode does as one step, or refuses where there is one: so it is whole or
 * absent.
 *
 * https://hadoop.apache.org/docs/r3.4.2/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
 */
export class HdfsClient implements ObjectStore {
  readonly #connection: HdfsConnection;
  readonly #http: HttpClient;
  readonly #origin: string;
  /** Begins with a slash, and doesn't end in one. */
  readonly #root: string;

  constructor(connection: HdfsConnection) {
    this.#connection = connection;
    this.#origin = originOf(connection);
    this.#root = connection.path.replace(/^\/*(?=[^/])/, "/").replace(/\/+$/, "");
    this.#http = new HttpClient({
      name: "HDFS",
      unavailable: "LAKE_UNAVAILABLE",
      ...(connection.ca !== undefined && { ca: connection.ca }),
    });
  }

  /** By Hadoop's own scheme for what is reached by HTTP. */
  url(key: string): string {
    const { protocol, host } = new URL(this.#origin);
    return `${protocol === "https:" ? "swebhdfs" : "webhdfs"}://${host}${this.#root}/${key}`;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const reply = await this.#ask({ method: "GET", path: this.#pathOf(key), query: OPEN });
    if (exceptionIn(reply) === "FileNotFoundException") return undefined;
    return this.#done(`read ${key}`, reply).body;
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const from = await this.#write([body]);
    await this.#rename(from, key, "OVERWRITE");
  }

  async create(key: string, body: Uint8Array): Promise<boolean> {
    const from = await this.#write([body]);
    const isRenamed = await this.#rename(from, key, "NONE");
    if (!isRenamed) await this.#delete(from);
    return isRenamed;
  }

  async upload(key: string, path: string, bytes: number): Promise<void> {
    const file = await open(path, "r");
    const partsOf = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at === 0 || at < bytes; at += LIMITS.s3PartBytes) {
        const length = Math.min(LIMITS.s3PartBytes, bytes - at);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
        if (bytesRead === length) yield buffer;
        else throw new MillraceError("STORAGE_FAILED", `${path} is shorter than it was`);
      }
    };
    try {
      await this.#rename(await this.#write(partsOf()), key, "OVERWRITE");
    } finally {
      await file.close();
    }
  }

  delete(key: string): Promise<void> {
    return this.#delete(this.#pathOf(key));
  }

  async list(
    folder: string,
    { startAfter, folders = false }: { startAfter?: string; folders?: boolean } = {},
  ): Promise<ObjectListing> {
    const after = startAfter?.slice(folder.length);
    const entries = await this.#entries(this.#pathOf(folder), after);
    const keys: string[] = [];
    const found: string[] = [];
    for (const { pathSuffix, type } of entries) {
      const key = folder + pathSuffix;
      if (type === "FILE") keys.push(key);
      else if (folders) found.push(`${key}/`);
      else keys.push(...(await this.list(`${key}/`)).keys);
    }
    return { keys, folders: found };
  }

  /** A folder with all that is below it. */
  removeFolder(key: string): Promise<void> {
    return this.#delete(this.#pathOf(key), { recursive: "true" });
  }

  /** Takes away what writers that ended amid their work have left, some time ago. */
  async removeUnfinished(nowMs: number): Promise<void> {
    const folder = this.#pathOf(UNFINISHED);
    for (const { pathSuffix, modificationTime } of await this.#entries(folder)) {
      if (modificationTime > nowMs - UNFINISHED_MS) continue;
      await this.#delete(`${folder}/${pathSuffix}`);
    }
  }

  close(): void {
    this.#http.close();
  }

  /** Writes parts to a new file that nobody knows of; its path. */
  async #write(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
    const path = this.#pathOf(`${UNFINISHED}/${randomHex(16)}`);
    let call: HdfsCall = { method: "PUT", path, query: { op: "CREATE", overwrite: "false" } };
    for await (const part of parts) {
      this.#done(`write ${path}`, await this.#ask(call, part));
      call = { method: "POST", path, query: { op: "APPEND" } };
    }
    return path;
  }

  /** False where there is one, and it isn't to be replaced. */
  async #rename(from: string, key: string, options: "NONE" | "OVERWRITE"): Promise<boolean> {
    const destination = this.#pathOf(key);
    const folder = destination.slice(0, destination.lastIndexOf("/"));
    const mkdirs = { method: "PUT", path: folder, query: { op: "MKDIRS" } } as const;
    this.#done(`make ${folder}`, await this.#ask(mkdirs));
    const query = { op: "RENAME", destination, renameoptions: options };
    const reply = await this.#ask({ method: "PUT", path: from, query });
    if (exceptionIn(reply) === "FileAlreadyExistsException") return false;
    this.#done(`rename a file to ${key}`, reply);
    return true;
  }

  async #delete(path: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const reply = await this.#ask({ method: "DELETE", path, query: { op: "DELETE", ...more } });
    this.#done(`delete ${path}`, reply);
  }

  /** What is in a folder, by name; nothing where there is none. */
  async #entries(path: string, startAfter = ""): Promise<readonly FileStatus[]> {
    const entries: FileStatus[] = [];
    for (let after = startAfter; ;) {
      const query = { op: "LISTSTATUS_BATCH", ...(after !== "" && { startAfter: after }) };
      const reply = await this.#ask({ method: "GET", path, query });
      if (exceptionIn(reply) === "FileNotFoundException") return [];
      const { DirectoryListing: listed } = JSON.parse(
        this.#done(`list ${path}`, reply).body.toString("utf8"),
      ) as Listed;
      const some = listed.partialListing.FileStatuses.FileStatus;
      entries.push(...some);
      if (listed.remainingEntries === 0 || some.length === 0) return entries;
      after = some.at(-1)!.pathSuffix;
    }
  }

  /** The NameNode sends whoever brings or wants bytes on to a DataNode. */
  async #ask(call: HdfsCall, body?: Uint8Array): Promise<HttpReply> {
    const { method } = call;
    const reply = await this.#http.send({ method, url: this.#urlOf(call) });
    const { location } = reply.headers;
    if (reply.status !== REDIRECT || location === undefined) return reply;
    const bytes = body && { body, headers: { "content-type": "application/octet-stream" } };
    return this.#http.send({ method, url: new URL(location), ...bytes });
  }

  #urlOf({ path, query }: HdfsCall): URL {
    const parts = path.split("/").map(encodeURIComponent).join("/");
    const url = new URL(`${this.#origin}/webhdfs/v1${parts}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    url.searchParams.set("user.name", this.#connection.user);
    return url;
  }

  #pathOf(key: string): string {
    return `${this.#root}/${key}`.replace(/\/$/, "");
  }

  #done(what: string, reply: HttpReply): HttpReply {
    if (reply.status >= 200 && reply.status < 300) return reply;
    const exception = exceptionIn(reply) ?? "";
    const said = [reply.status, exception, messageIn(reply)].filter(Boolean).join(" ");
    const message = `HDFS at ${this.#origin} refuses to ${what}: ${said}`;
    if (reply.status === 401 || /^(AccessControl|Security|Authoriz)/.test(exception)) {
      throw new MillraceError("CONFIG_INVALID", message, {
        hint: `see that ${this.#connection.user} may write to ${this.#root}; Kerberos isn't spoken`,
      });
    }
    throw new MillraceError("LAKE_UNAVAILABLE", message, {
      hint: "see that the NameNode is active and out of safe mode, and has DataNodes",
    });
  }
}

interface Listed {
  readonly DirectoryListing: {
    readonly partialListing: {
      readonly FileStatuses: { readonly FileStatus: readonly FileStatus[] };
    };
    readonly remainingEntries: number;
  };
}

const OPEN = { op: "OPEN" };
const REDIRECT = 307;

function originOf({ url }: HdfsConnection): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return new URL(url).origin;
  throw new MillraceError("CONFIG_INVALID", `${JSON.stringify(url)} isn't a NameNode's address`, {
    field: "hdfs.url",
    hint: "give its web address, such as http://namenode:9870",
  });
}

/** The class of the exception in an answer. */
const exceptionIn = (reply: HttpReply): string | undefined => remoteException(reply)?.exception;
const messageIn = (reply: HttpReply): string | undefined =>
  remoteException(reply)?.message?.split("\n")[0];

function remoteException({ status, body }: HttpReply) {
  if (status < 400) return undefined;
  try {
    const { RemoteException: told } = JSON.parse(body.toString("utf8")) as {
      readonly RemoteException?: { readonly exception?: string; readonly message?: string };
    };
    return told;
  } catch {
    return undefined; // A proxy's page.
  }
}
