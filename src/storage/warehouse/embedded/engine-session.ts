import type { Session } from "./chdb.ts";
import { EngineError } from "./engine-error.ts";
import { sqlIdentifier, sqlString } from "./sql-tokens.ts";

/** What one query wants of its session. */
export interface QueryContext {
  readonly database?: string;
  /** Settings by name, values as text. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Values of `{name:Type}` in the query, as ClickHouse's escaped text. */
  readonly params?: Readonly<Record<string, string>>;
}

/** A whole result and what the engine counted for it. */
export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly readBytes: number;
}

const SETTING_NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/**
 * One connection to the engine, used for one query at a time. Settings and parameters are session
 * state in the engine; this class sends only what differs from the query before.
 */
export class EngineSession {
  readonly #session: Session;
  readonly #home: string;
  readonly #base: Readonly<Record<string, string>>;
  #database: string | undefined;
  #settings = new Map<string, string>();

  constructor(session: Session, database: string, base: Readonly<Record<string, string>>) {
    this.#session = session;
    this.#home = database;
    this.#base = base;
  }

  /** Brings the session to the database, settings and parameters of the next query. */
  async prepare(context: QueryContext = {}): Promise<void> {
    const database = context.database ?? this.#home;
    if (database !== this.#database) {
      await this.run(`USE ${sqlIdentifier(database)}`);
      this.#database = database;
    }
    const wanted = new Map(Object.entries({ ...this.#base, ...context.settings }));
    const changes: string[] = [];
    for (const [name, value] of wanted) {
      if (this.#settings.get(name) !== value)
        changes.push(`${checkedName(name)} = ${sqlString(value)}`);
    }
    for (const name of this.#settings.keys()) {
      if (!wanted.has(name)) changes.push(`${name} = DEFAULT`);
    }
    for (const [name, value] of Object.entries(context.params ?? {})) {
      changes.push(`${checkedName(`param_${name}`)} = ${sqlString(value)}`);
    }
    if (changes.length === 0) return;
    // If the engine refuses one of them, some may be set: everything is sent again next time.
    this.#settings = new Map(
      [...this.#settings.keys(), ...wanted.keys()].map((key) => [key, "\0"]),
    );
    await this.run(`SET ${changes.join(", ")}`);
    this.#settings = wanted;
  }

  /** Runs to the end and gives the whole result. */
  async run(sql: string, format = "TabSeparated"): Promise<EngineResult> {
    try {
      const result = await this.#session.queryAsync(sql, { format });
      return {
        bytes: result.bytes(),
        readRows: Number(result.rowsRead),
        readBytes: Number(result.bytesRead),
      };
    } catch (error) {
      throw EngineError.from(error);
    }
  }

  /** A result as it comes; leaving the loop early cancels the query. */
  async *stream(sql: string, format: string): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#session.queryStream(sql, { format })) {
        if (chunk.numBytes > 0) yield chunk.raw();
      }
    } catch (error) {
      throw EngineError.from(error);
    }
  }
}

function checkedName(name: string): string {
  if (SETTING_NAME.test(name)) return name;
  throw EngineError.of(115, "UNKNOWN_SETTING", `Unknown setting ${sqlString(name)}`);
}
