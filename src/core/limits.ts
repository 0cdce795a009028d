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
  /** Bytes waiting for the log's next commit; beyond it the collector answers 429. */
  appendQueueBytesMax: 64 * 1024 * 1024,
  /** Bytes of rows in one batch of the log. */
  batchBytesMax: 4 * 1024 * 1024,
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
  /** Live listeners (`GET /v1/live`). */
  liveListenersMax: 200,
  /** Bytes of one schema's text in the registry. */
  schemaBytesMax: 1024 * 1024,
  /** Nesting of one schema. */
  schemaDepthMax: 64,
  /** References that one schema may reach, directly or through others. */
  schemaReferencesMax: 100,
  /** Incompatibilities that one comparison of two schemas reports. */
  schemaMismatchesMax: 50,
} as const;
