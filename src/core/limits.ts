/**
 * Every bound of the system, by name, with its unit last. `docs/reference/limits.md` lists them;
 * a test compares the two. Bytes are bytes, not characters.
 */
export const LIMITS = {
  /** A request body as sent, compressed or not. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** A request body after decompression. */
  decompressedBytesMax: 32 * 1024 * 1024,
  /** One event's JSON. */
  eventBytesMax: 256 * 1024,
  /** Events in one request. */
  batchEventsMax: 20_000,
  /** Nesting of one event. */
  eventDepthMax: 32,
  /** Keys in one event, at all depths. */
  eventKeysMax: 1_000,
  /** Characters of an `event_id` that isn't a UUID. */
  idCharactersMax: 128,
  /** Events after which the door lets other requests have a turn. */
  turnEventsMax: 500,
  /** Bytes of events after which the door lets other requests have a turn. */
  turnBytesMax: 1024 * 1024,
  /** Bytes of all buffers of a kind that the door keeps for its next requests. */
  idleBytesMax: 16 * 1024 * 1024,
  /** Bytes of a buffer that is kept. */
  idleBufferBytesMax: 1024 * 1024,
  /** Characters of a write key. */
  writeKeyCharactersMax: 256,
  /** Right write keys that are remembered in memory. */
  writeKeysCachedMax: 1_000,
  /** Bytes of request bodies that are being read or worked on; beyond it the door answers 429. */
  bodiesBytesMax: 128 * 1024 * 1024,
  /** Bytes waiting for the log's next commit; beyond it the collector answers 429. */
  appendQueueBytesMax: 64 * 1024 * 1024,
  /** Bytes of memory that the door shares with the log's thread and keeps for the next requests. */
  appendSlabsBytesMax: 32 * 1024 * 1024,
  /** Bytes of rows in one batch of the log. */
  batchBytesMax: 4 * 1024 * 1024,
  /** Events after which a commit of the log takes no further request. */
  commitEventsMax: 5_000,
  /** Batches that one step of the log's retention looks at. */
  trimBatchesMax: 2_000,
  /** Rows of the quarantine, and again of the ledger, that one step of the retention looks at. */
  trimRowsMax: 2_000,
  /** Bytes of rows that one read of the log gives, unless asked otherwise. */
  readBytesMax: 8 * 1024 * 1024,
  /** Bytes of rows that the stream has read and the loader hasn't: they are read once for both. */
  keptReadsBytesMax: 32 * 1024 * 1024,
  /** Bytes of rows that the stream takes in one go; other work of its thread waits so long. */
  streamReadBytesMax: 2 * 1024 * 1024,
  /** Commits of the stream whose rows may wait to be published before reading waits for them. */
  unpublishedCommitsMax: 4,
  /** Bytes that one fetch from a broker of Kafka asks for. */
  kafkaFetchBytesMax: 16 * 1024 * 1024,
  /** Bytes of one partition in it. */
  kafkaPartitionFetchBytesMax: 4 * 1024 * 1024,
  /** Samples in one request of Prometheus' remote write. */
  remoteWriteSamplesMax: 2_000,
  /** Rows that one read of the quarantine gives. */
  quarantineRowsMax: 1_000,
  /** Ids that the gate keeps in memory before it writes a segment. */
  dedupTableIdsMax: 3_000_000,
  /** Bytes of filters that the gate keeps in memory for its segments on disk. */
  dedupFilterBytesMax: 192 * 1024 * 1024,
  /** Entries an operator keeps in memory before the coldest go to disk. */
  operatorEntriesMax: 500_000,
  /** Distinct values that an exact `countDistinct` keeps per group. */
  distinctValuesMax: 10_000,
  /** Milliseconds that a user's SQL may run. */
  sqlDurationMsMax: 30_000,
  /** Rows that a user's SQL may give. */
  sqlRowsMax: 100_000,
  /** Bytes of one SQL text. */
  sqlTextBytesMax: 256 * 1024,
  /** Connections of the warehouse that insert and change tables, one statement each at a time. */
  warehouseLoadersMax: 3,
  /** Connections of the warehouse for the pipeline's own reads. */
  warehouseServersMax: 3,
  /** Connections of the warehouse for outsiders' SQL. */
  warehouseReadersMax: 2,
  /** Connections given up because a query in them could not be ended, until a restart. */
  warehouseGivenUpMax: 8,
  /** Statements that wait for a connection of one kind; beyond it the warehouse refuses. */
  warehouseWaitingMax: 100,
  /** Rows after which one insert of the loader takes no further batch. */
  loadRowsMax: 250_000,
  /** Bytes after which one insert of the loader takes no further batch. */
  loadBytesMax: 96 * 1024 * 1024,
  /** Rows of one block of a file on its way to the warehouse or the lake. */
  spoolBlockRowsMax: 4_096,
  /** Bytes of rows after which such a block takes no further row. */
  spoolBlockBytesMax: 8 * 1024 * 1024,
  /** Files of spools that wait to be written over. */
  spoolFilesIdleMax: 32,
  /** Bytes of rows, as the log has them, that the loader keeps in files for the lake. */
  shelfBytesMax: 1024 * 1024 * 1024,
  /** Files that the loader keeps of one partition for the lake. */
  shelfPartsMax: 1_000,
  /** Rows after which a partition's events are written to the lake. */
  lakeRollRowsMax: 1_000_000,
  /** Bytes of rows after which a partition's events are written to the lake. */
  lakeRollBytesMax: 512 * 1024 * 1024,
  /** Milliseconds after which a partition's events are written to the lake. */
  lakeRollMsMax: 5 * 60 * 1000,
  /** Days that one statement writes files of the lake for; each takes some MB of memory. */
  lakeDaysAtOnceMax: 50,
  /** Files of one partition and day that isn't over, from which on they are merged. */
  lakeFilesMax: 48,
  /** Bytes from which on the lake's files aren't merged into larger ones. */
  lakeMergedBytesMax: 64 * 1024 * 1024,
  /** Commits of a lake in an object store whose records are kept in memory. */
  lakeCommitsKeptMax: 200_000,
  /** Bytes from which on a file goes to an object store in parts, and bytes of a part. */
  s3PartBytes: 16 * 1024 * 1024,
  /** Bytes of a result that the warehouse holds whole (formats that can't be streamed). */
  warehouseResultBytesMax: 256 * 1024 * 1024,
  /** Bytes of each of the engine's caches. */
  warehouseCacheBytesMax: 32 * 1024 * 1024,
  /** Bytes of memory, and again of temporary files, that one user's SQL may use. */
  sqlMemoryBytesMax: 1024 * 1024 * 1024,
  /** Bytes that the warehouse's engine may use for queries, caches and merges. */
  warehouseMemoryBytesMax: 1536 * 1024 * 1024,
  /** Bytes of a statement for the warehouse that comes in a request's body, rows included. */
  warehouseStatementBytesMax: 64 * 1024 * 1024,
  /** Milliseconds that running queries may take to end when the warehouse is told to stop. */
  warehouseDrainMsMax: 30_000,
  /** Rows that `millrace import` sends in one request. */
  importRowsMax: 4_000,
  /** Bytes after which a request of `millrace import` takes no further row. */
  importBytesMax: 2 * 1024 * 1024,
  /** Live listeners (`GET /v1/live`). */
  liveListenersMax: 200,
  /** Bytes of keys and values in a process's own cache. */
  cacheBytesMax: 64 * 1024 * 1024,
  /** Bytes of one value in a cache; larger ones aren't kept. */
  cacheValueBytesMax: 4 * 1024 * 1024,
  /** Tags whose marks a process's own cache remembers. */
  cacheTagsMax: 10_000,
  /** Milliseconds that a tag's mark lives in a shared cache. */
  cacheTagMsMax: 24 * 60 * 60 * 1000,
  /** Milliseconds after which a shared cache that is silent counts as not there. */
  cacheSilenceMsMax: 2_000,
  /** Commands that wait for a shared cache's answer. */
  cacheCommandsMax: 10_000,
  /** Values that are being computed for a cache, each once for all who wait for it. */
  cacheFlightsMax: 1_000,
  /** Bytes of one schema's text in the registry. */
  schemaBytesMax: 1024 * 1024,
  /** Nesting of one schema. */
  schemaDepthMax: 64,
  /** References that one schema may reach, directly or through others. */
  schemaReferencesMax: 100,
  /** Schemas that one answer of the registry lists. */
  schemasListedMax: 1_000,
  /** Incompatibilities that one comparison of two schemas reports. */
  schemaMismatchesMax: 50,
  /** Pairs of parts that one comparison of two JSON Schemas looks at. */
  schemaStepsMax: 20_000,
  /** Milliseconds that a server of the cluster may be silent before a request to it fails. */
  httpSilenceMsMax: 30_000,
  /** Bytes of one answer of such a server. */
  httpReplyBytesMax: 64 * 1024 * 1024,
  /** Keys of dimension tables that the door keeps in memory, absent ones included. */
  dimensionEntriesMax: 300_000,
} as const;
