import { createClient, RESP_TYPES } from "@redis/client";
import { MillraceError } from "../../../core/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { randomHex } from "../../../core/random.ts";
import {
  orderedTags,
  type Cache,
  type CacheAnswer,
  type CacheKey,
  type CacheMark,
} from "../cache.ts";

/** How to reach Redis (or Valkey, which speaks the same). */
export interface RedisConnection {
  /** `redis://host:port`, or `rediss://` for TLS; may have user, password and a database's number. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Authorities beside the system's that may sign its certificate, as PEM texts. */
  readonly ca?: string;
  /** What all keys begin with; several projects may share a server. */
  readonly prefix?: string;
}

/** Opens a cache in Redis. Throws `CACHE_UNAVAILABLE`, and `CONFIG_INVALID` where it refuses us. */
export async function openRedisCache(connection: RedisConnection): Promise<Cache> {
  let client: Client | undefined;
  try {
    client = newClient(connection);
    // Each command tells of a failure itself; without a listener this would end the process.
    client.on("error", () => undefined);
    await client.connect();
    return new RedisCache(client, connection);
  } catch (error) {
    client?.destroy();
    throw asCacheError(connection, error);
  }
}

/**
 * One connection, made again where it breaks. Commands fail at once while there is none: a query
 * doesn't wait for its cache. `@redis/client` is node-redis without its modules: no dependency,
 * kept by Redis itself (`ioredis` brings six packages).
 */
function newClient({ url, username, password, ca }: RedisConnection) {
  let wasOpen = false;
  const isTls = url.startsWith("rediss:");
  return createClient({
    url,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    socket: {
      ...(isTls && { tls: true, ...(ca !== undefined && { ca }) }),
      connectTimeout: LIMITS.cacheSilenceMsMax,
      reconnectStrategy: (retries: number, cause: Error) =>
        wasOpen ? Math.min(50 * 2 ** retries, RECONNECT_MS_MAX) : cause,
    },
    disableOfflineQueue: true,
    commandsQueueMaxLength: LIMITS.cacheCommandsMax,
    commandOptions: { timeout: LIMITS.cacheSilenceMsMax },
  })
    .on("ready", () => void (wasOpen = true))
    .withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

type Client = ReturnType<typeof newClient>;

const RECONNECT_MS_MAX = 5_000;

/**
 * A tag is a key with a random text: its mark. To invalidate it is to remove it; where it is absent
 * (or lived long enough, or the server needed room), it gets a new one, so that whatever was stored
 * before doesn't count. A value is stored behind the marks that it was computed under, and behind
 * the server's own run: one that starts again may have lost an invalidation that it had answered.
 */
class RedisCache implements Cache {
  readonly #client: Client;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  /** Which run of the server the connection is to. */
  #run: Promise<string>;

  constructor(client: Client, connection: RedisConnection) {
    this.#client = client;
    this.#connection = connection;
    this.#prefix = connection.prefix ?? "millrace:";
    this.#run = this.#readRun();
    client.on("ready", () => void (this.#run = this.#readRun()));
  }

  async get({ key, tags }: CacheKey): Promise<CacheAnswer> {
    const names = orderedTags(tags).map((tag) => this.#tag(tag));
    return this.#told(async () => {
      for (;;) {
        const run = this.#run;
        const [entry, ...found] = await this.#client.mGet([this.#value(key), ...names]);
        const mark = [await run, ...(await this.#marks(names, found))].join(",");
        // Connected again meanwhile: the mark may be of two servers.
        if (run === this.#run) return { value: valueUnder(mark, entry), mark };
      }
    });
  }

  async set({ key }: CacheKey, mark: CacheMark, value: Uint8Array, ttlMs: number): Promise<void> {
    await this.#told(async () => {
      if (value.length > LIMITS.cacheValueBytesMax) {
        await this.#client.del(this.#value(key));
        return;
      }
      const expiration = { type: "PX", value: Math.max(1, Math.ceil(ttlMs)) } as const;
      const entry = Buffer.concat([Buffer.from(`${mark}\n`), value]);
      await this.#client.set(this.#value(key), entry, { expiration });
    });
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    await this.#told(() =>
      Promise.all(orderedTags(tags).map((tag) => this.#client.del(this.#tag(tag)))),
    );
  }

  async close(): Promise<void> {
    if (this.#client.isReady) await this.#client.close();
    else this.#client.destroy();
  }

  #readRun(): Promise<string> {
    const run = this.#client.info("server").then((text) => {
      const id = /^run_id:(\w+)/m.exec(String(text))?.[1];
      if (id !== undefined) return id;
      throw new Error("INFO doesn't tell its run_id");
    });
    run.catch(() => undefined); // whoever asks next is told
    return run;
  }

  /** The marks of tags; absent ones are made, once for all replicas. */
  async #marks(
    names: readonly string[],
    found: readonly (Buffer | string | null)[],
  ): Promise<string[]> {
    const absent = names.filter((_, at) => found[at] === null);
    if (absent.length === 0) return found.map(String);
    const expiration = { type: "PX", value: LIMITS.cacheTagMsMax } as const;
    await Promise.all(
      absent.map((name) => this.#client.set(name, randomHex(8), { expiration, condition: "NX" })),
    );
    // One that vanishes again at once has no mark that anything could be stored under.
    return (await this.#client.mGet([...names])).map((mark) => String(mark ?? randomHex(8)));
  }

  #value(key: string): string {
    return `${this.#prefix}value:${key}`;
  }

  #tag(tag: string): string {
    return `${this.#prefix}tag:${tag}`;
  }

  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw asCacheError(this.#connection, error);
    }
  }
}

function valueUnder(mark: CacheMark, entry: Buffer | string | null | undefined) {
  if (entry === null || entry === undefined) return undefined;
  const bytes = Buffer.from(entry as Buffer);
  const start = Buffer.from(`${mark}\n`);
  return bytes.subarray(0, start.length).equals(start) ? bytes.subarray(start.length) : undefined;
}

function asCacheError({ url }: RedisConnection, error: unknown): MillraceError {
  const said = error instanceof Error ? error.message : String(error);
  const place = URL.canParse(url) ? new URL(url).host : "(no address)";
  if (/WRONGPASS|NOAUTH|NOPERM|Invalid URL|Invalid protocol/i.test(said)) {
    return new MillraceError("CONFIG_INVALID", `Redis at ${place} can't be used: ${said}`, {
      hint: "set its address (redis:// or rediss://), user and password",
      cause: error,
    });
  }
  return new MillraceError("CACHE_UNAVAILABLE", `Redis at ${place} doesn't answer: ${said}`, {
    hint: "see that it runs and can be reached from here",
    cause: error,
  });
}
