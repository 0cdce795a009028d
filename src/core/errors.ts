/** One entry of the closed list of error codes. */
export interface ErrorCodeInfo {
  /** HTTP status an answer carries when this error ends a request. */
  readonly status: number;
  /** One line: when this happens. `docs/reference/errors.md` says it at length. */
  readonly when: string;
}

const code = (status: number, when: string): ErrorCodeInfo => ({ status, when });

/**
 * Every code that Millrace gives a user, in an HTTP answer, in a quarantined event or on the
 * command line. The list is closed: a test compares it with `docs/reference/errors.md` both ways.
 */
export const ERROR_CODES = {
  // the definition
  DEFINITION_INVALID: code(400, "a definition can't be compiled as it stands"),
  DEFINITION_NOT_FOUND: code(404, "the file of the definition doesn't exist or can't be loaded"),
  UNSUPPORTED_BY_ENGINE: code(400, "an engine can't run a part of the definition"),
  // the door
  BODY_TOO_LARGE: code(413, "a request body is larger than its limit"),
  BODY_NOT_JSON: code(400, "a request body isn't JSON or NDJSON"),
  ENCODING_INVALID: code(400, "a compressed body can't be decompressed"),
  BATCH_TOO_LARGE: code(413, "a request has more events than the limit"),
  UNAUTHENTICATED: code(401, "no key was sent, or it isn't known"),
  FORBIDDEN: code(403, "the key doesn't allow this"),
  TABLE_HAS_SOURCE: code(409, "a table's rows come from a database, and by no other way"),
  TOPIC_UNKNOWN: code(404, "no event of the definition has this name"),
  RATE_LIMITED: code(429, "more requests than the collector can take now; try again later"),
  // one event
  EVENT_NOT_JSON: code(400, "one event's bytes aren't JSON"),
  EVENT_TOO_LARGE: code(400, "one event is larger than its limit"),
  EVENT_TOO_DEEP: code(400, "one event nests deeper than its limit"),
  EVENT_TOO_MANY_KEYS: code(400, "one event has more keys than its limit"),
  FIELD_MISSING: code(400, "a required field is absent or null"),
  FIELD_TYPE: code(400, "a field's value isn't of its declared type"),
  FIELD_VALUE: code(400, "a field's value isn't among those allowed"),
  FIELD_DUPLICATE: code(400, "an object of an event has one key twice"),
  FIELD_UNDECLARED: code(400, "a key isn't declared, and the event refuses those"),
  TIME_INVALID: code(400, "a time isn't RFC 3339, or has no offset"),
  TIME_OUT_OF_RANGE: code(400, "a time is before 1971, more than a day ahead, or can't be stored"),
  RULE_BROKEN: code(400, "an event breaks a rule of severity quarantine, or a day one of fail"),
  ROW_INVALID: code(400, "a row of an imported file can't be read"),
  NO_EVENT_ACCEPTS: code(400, "no event of the definition accepts this document"),
  // queries
  NOT_FOUND: code(404, "there is nothing at this address"),
  METHOD_NOT_ALLOWED: code(405, "the address exists, but not for this method"),
  PARAMETER_INVALID: code(400, "a query parameter can't be used as it is"),
  METRIC_UNKNOWN: code(404, "no metric of the definition has this name"),
  SQL_NOT_ALLOWED: code(403, "the SQL does more than read the project's own tables"),
  SQL_FAILED: code(400, "the SQL can't be run"),
  // schemas
  SCHEMA_INVALID: code(422, "a schema can't be parsed"),
  SCHEMA_INCOMPATIBLE: code(409, "a schema breaks its subject's compatibility level"),
  // the machine
  STORAGE_CORRUPT: code(500, "stored bytes don't match their checksum"),
  STORAGE_FULL: code(507, "there is no room for more; nothing was lost"),
  STORAGE_FAILED: code(500, "the disk reported a failure; what was acknowledged is kept"),
  OFFSET_TRIMMED: code(410, "an offset of the log was removed by retention"),
  STORAGE_LOCKED: code(409, "another process uses this data folder"),
  PORT_TAKEN: code(500, "another program listens on this port"),
  KAFKA_UNAVAILABLE: code(503, "a broker of Kafka doesn't answer as it should; try again"),
  REGISTRY_UNAVAILABLE: code(503, "the schema registry doesn't answer as it should; try again"),
  CONNECT_UNAVAILABLE: code(503, "Kafka Connect doesn't answer as it should; try again"),
  CONNECTOR_FAILED: code(500, "Kafka Connect refuses a connector, or its task failed"),
  MQTT_UNAVAILABLE: code(503, "the MQTT broker doesn't answer as it should; try again"),
  FLINK_UNAVAILABLE: code(503, "Flink doesn't answer; try again"),
  SPARK_UNAVAILABLE: code(503, "Spark doesn't start, or its process ended; try again"),
  LAKE_UNAVAILABLE: code(503, "the lake's object store doesn't answer as it should; try again"),
  CACHE_UNAVAILABLE: code(503, "the cache doesn't answer as it should; try again"),
  SERIES_UNAVAILABLE: code(503, "the time-series database doesn't answer as it should; try again"),
  SERIES_REFUSED: code(500, "the time-series database refuses samples; they aren't sent again"),
  WAREHOUSE_UNAVAILABLE: code(503, "the warehouse is restarting; try again"),
  NOT_READY: code(503, "a part of the pipeline is starting; try again"),
  ENGINE_UNAVAILABLE: code(503, "a program that an engine of the cluster needs isn't installed"),
  ENGINE_FAILED: code(500, "an engine of the cluster can't be fetched, or doesn't start"),
  DEPLOY_FAILED: code(500, "a job of the cluster can't be started or stopped"),
  ARGUMENT_INVALID: code(400, "a command line can't be understood"),
  CONFIG_INVALID: code(400, "a setting or an argument can't be used as it is"),
  IMPORT_FAILED: code(400, "a file can't be imported"),
  AMOUNT_OVERFLOW: code(500, "an exact amount doesn't fit its declared precision"),
  INTERNAL: code(500, "a defect in Millrace"),
} as const satisfies Record<string, ErrorCodeInfo>;

/** One code of the closed list. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error may say beside its message. */
export interface ErrorDetails {
  /** The field, argument, node or column it is about, dotted. */
  readonly field?: string;
  /** What to do next. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Position in the input, where there is one (1-based line, 0-based byte offset). */
  readonly line?: number;
  readonly offset?: number;
}

/** The one root of all errors that a user may see. */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly line: number | undefined;
  readonly offset: number | undefined;

  constructor(errorCode: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = errorCode;
    this.field = details.field;
    this.hint = details.hint;
    this.line = details.line;
    this.offset = details.offset;
  }

  /** HTTP status of an answer that carries this error. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** The body every HTTP answer uses: `{"error":{"code","message","field"?,"hint"?}}`. */
  toJSON(): ErrorBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(this.field === undefined ? {} : { field: this.field }),
        ...(this.hint === undefined ? {} : { hint: this.hint }),
      },
    };
  }
}

export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly field?: string;
    readonly hint?: string;
  };
}

/** Any thrown value as a `MillraceError`; what isn't one already becomes `INTERNAL`. */
export function asMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError("INTERNAL", message, { cause: thrown });
}

/** Stops on a broken invariant: a defect in Millrace, never a user's mistake. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new MillraceError("INTERNAL", `invariant broken: ${message}`);
}
