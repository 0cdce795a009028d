import type { Clock } from "../../core/clock.ts";
import type { Cache } from "../../storage/cache/cache.ts";
import { memoryCache } from "../../storage/cache/memory/memory-cache.ts";
import { openRedisCache } from "../../storage/cache/redis/redis-cache.ts";
import type { ClusterConfig } from "./cluster-config.ts";

/** The replicas' common cache in Redis; without one, a cache of this replica's own. */
export const openCache = async (
  { redis, prefix }: ClusterConfig,
  clock: Clock,
): Promise<{ readonly cache: Cache; readonly isShared: boolean }> =>
  redis === undefined
    ? { cache: memoryCache({ clock }), isShared: false }
    : { cache: await openRedisCache({ prefix: `millrace:${prefix}`, ...redis }), isShared: true };
