import { LIMITS } from "../../../core/limits.ts";

/** What the engine of one data folder is started with. */
export interface EngineConfig {
  /** The project's database: the only one that readers see. */
  readonly database: string;
  /** Bytes that the engine may use for all of its queries, caches and merges. */
  readonly memoryBytesMax: number;
}

/** Names of roles; sessions take one by `SET ROLE`. */
export const ROLES = { pipeline: "pipeline", reader: "reader" } as const;

const xml = (text: string | number): string =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * `users.xml`. The embedded engine knows one user, `default`, and can't impersonate another; so the
 * rights hang on roles, and a session for outsiders gives up the pipeline's role before its first
 * query. What a reader may touch is thereby decided by the engine itself: no grant for FILE, URL,
 * REMOTE …, no dictionary, no DDL, no other database.
 */
export function usersXml(config: EngineConfig): string {
  const database = config.database.replaceAll("\\", "\\\\").replaceAll("`", "\\`");
  return `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>
    <${ROLES.pipeline}><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></${ROLES.pipeline}>
    <${ROLES.reader}><grants><query>GRANT SELECT ON \`${xml(database)}\`.*</query></grants></${ROLES.reader}>
  </roles>
  <users><default>
    <password></password>
    <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
    <profile>default</profile><quota>default</quota>
    <grants><query>GRANT ${ROLES.pipeline}</query><query>GRANT ${ROLES.reader}</query></grants>
  </default></users>
</clickhouse>
`;
}

/**
 * Defaults of the engine's MergeTree tables.
 *
 * * A settled insert is on disk (`fsync_…`), and a repeated one is recognised
 *   (`non_replicated_deduplication_window`), also in the targets of materialised views.
 * * No statistics of columns: the engine would make them in each merge, a sketch of distinct values
 *   of every column among them, which took a fifth of a merge's time; our queries are by time and
 *   key, which need none.
 * * Texts with their lengths in one stream, not two: an insert and a merge write fewer streams, in
 *   less time and no more space.
 * * Parts of up to some 100,000 events in one file, not in two for each column: of what an insert
 *   does with so many files, a sync of each among it, a sixth of its time is left.
 */
const MERGE_TREE = {
  non_replicated_deduplication_window: 10_000,
  fsync_after_insert: 1,
  fsync_part_directory: 1,
  number_of_free_entries_in_pool_to_execute_mutation: 1,
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
  auto_statistics_types: "",
  string_serialization_version: "single_stream",
  min_bytes_for_wide_part: 64 * 1024 * 1024,
} as const;

/**
 * Bytes of a part from which on it is compressed with ZSTD, half the size of LZ4 at some three times
 * the cost. What one insert brings stays below: it is merged, and so written anew, soon.
 */
const ZSTD_PART_BYTES_MIN = 96 * 1024 * 1024;

/**
 * `config.xml`: small caches and pools (one machine, shared with the rest of the pipeline), no log
 * tables.
 */
export function configXml(config: EngineConfig, usersPath: string): string {
  const mergeTree = Object.entries(MERGE_TREE)
    .map(([name, value]) => `    <${name}>${xml(value)}</${name}>`)
    .join("\n");
  return `<clickhouse>
  <users_config>${xml(usersPath)}</users_config>
  <max_server_memory_usage>${config.memoryBytesMax}</max_server_memory_usage>
  <mark_cache_size>${LIMITS.warehouseCacheBytesMax}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>0</index_mark_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <primary_index_cache_size>${LIMITS.warehouseCacheBytesMax}</primary_index_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <compiled_expression_cache_size>${LIMITS.warehouseCacheBytesMax}</compiled_expression_cache_size>
  <query_cache><max_size_in_bytes>0</max_size_in_bytes></query_cache>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <max_thread_pool_size>200</max_thread_pool_size>
  <max_thread_pool_free_size>16</max_thread_pool_free_size>
  <tables_loader_foreground_pool_size>2</tables_loader_foreground_pool_size>
  <tables_loader_background_pool_size>2</tables_loader_background_pool_size>
  <compression><case>
    <min_part_size>${ZSTD_PART_BYTES_MIN}</min_part_size>
    <min_part_size_ratio>0</min_part_size_ratio>
    <method>zstd</method><level>1</level>
  </case></compression>
  <merge_tree>
${mergeTree}
  </merge_tree>
</clickhouse>
`;
}

/** Settings of every session of the pipeline's own. */
export const PIPELINE_SETTINGS: Readonly<Record<string, string>> = {
  deduplicate_blocks_in_dependent_materialized_views: "1",
  // A load of old events touches many partitions at once; the engine's default is 100.
  max_partitions_per_insert_block: "5000",
  // One order of blocks: a repeated insert must make the same blocks to be recognised.
  max_insert_threads: "1",
  session_timezone: "UTC",
  interactive_delay: "3600000000",
  fsync_metadata: "1",
};

/** Settings of every session that runs outsiders' SQL. */
export const READER_SETTINGS: Readonly<Record<string, string>> = {
  max_threads: "1",
  allow_introspection_functions: "0",
  max_execution_time: String(LIMITS.sqlDurationMsMax / 1000),
  max_result_rows: String(LIMITS.sqlRowsMax),
  max_result_bytes: String(LIMITS.warehouseResultBytesMax),
  max_memory_usage: String(LIMITS.sqlMemoryBytesMax),
  max_query_size: String(LIMITS.sqlTextBytesMax * 4),
  max_temporary_data_on_disk_size_for_query: String(LIMITS.sqlMemoryBytesMax),
  session_timezone: "UTC",
  interactive_delay: "3600000000",
};
