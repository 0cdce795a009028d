import { ClickHouseError, createClient, type ClickHouseClient } from "@clickhouse/client";
import { MillraceError } from "../../core/errors.ts";
import { CLUSTER_SETTINGS, onCluster } from "../../language/compile/clickhouse/on-cluster.ts";
import { exportStatement, insertFileStatement, quotedTable } from "./statements.ts";
import type {
  FileExport,
  FileInsert,
  QueryOptions,
  RowsInsert,
  SqlParameter,
  StatementOptions,
  Warehouse,
} from "./warehouse.ts";

/** Where a ClickHouse answers, embedded or a server. */
export interface ClickHouseOptions {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly key: string;
  /** A cluster of servers, as their `remote_servers` names it: tables are on all of them. */
  readonly cluster?: string;
  /** Requests at the same time (default 8). */
  readonly connectionsMax?: number;
  /** How long a statement may take; DDL and big inserts too (default 10 minutes). */
  readonly requestMsMax?: number;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

/** The warehouse behind ClickHouse's HTTP protocol: the embedded process or a real server. */
export function clickHouseWarehouse(options: ClickHouseOptions): Warehouse {
  return new ClickHouseWarehouse(options);
}

/** A JSON number can't hold these exactly. */
const EXACT_JSON: Settings = {
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
};

class ClickHouseWarehouse implements Warehouse {
  readonly #client: ClickHouseClient;
  readonly #url: string;
  readonly #cluster: string | undefined;

  constructor(options: ClickHouseOptions) {
    this.#url = options.url;
    this.#cluster = options.cluster;
    this.#client = createClient({
      url: options.url,
      database: options.database,
      username: options.user,
      password: options.key,
      application: "millrace",
      request_timeout: options.requestMsMax ?? 600_000,
      max_open_connections: options.connectionsMax ?? 8,
      // The server keeps idle connections for 30 s; ours must end first.
      keep_alive: { enabled: true, idle_socket_ttl: 10_000 },
      ...(options.cluster !== undefined && { clickhouse_settings: CLUSTER_SETTINGS }),
      log: { level: 127 }, // off: errors are given to the caller
    });
  }

  async command(sql: string, options: StatementOptions = {}): Promise<void> {
    const statements = this.#cluster === undefined ? [sql] : onCluster(sql, this.#cluster);
    for (const query of statements) {
      await this.#run(() => this.#client.command({ query, ...common(options) }));
    }
  }

  async insertFile(insert: FileInsert): Promise<void> {
    const settings = { ...insert.settings, insert_deduplication_token: insert.token };
    await this.command(insertFileStatement(insert), { settings });
  }

  async insertRows(insert: RowsInsert): Promise<void> {
    if (insert.rows.length === 0) return;
    const token = insert.token === undefined ? {} : { insert_deduplication_token: insert.token };
    const [first, ...others] = insert.columns ?? [];
    await this.#run(() =>
      this.#client.insert({
        table: quotedTable(insert.table),
        values: [...insert.rows],
        format: "JSONEachRow",
        ...(first === undefined ? {} : { columns: [first, ...others] as [string, ...string[]] }),
        clickhouse_settings: settingsOf({ ...insert.settings, ...token }),
      }),
    );
  }

  async query<Row = Record<string, unknown>>(
    sql: string,
    options: QueryOptions = {},
  ): Promise<Row[]> {
    return this.#run(async () => {
      const result = await this.#client.query({
        query: sql,
        format: "JSONEachRow",
        ...common(options, { ...EXACT_JSON, ...bounds(options) }),
      });
      return result.json<Row>();
    });
  }

  async queryText(
    sql: string,
    options: QueryOptions & { readonly format?: string } = {},
  ): Promise<string> {
    return this.#run(async () => {
      const result = await this.#client.exec({
        query: `${sql}\nFORMAT ${options.format ?? "TabSeparated"}`,
        ...common(options, bounds(options)),
      });
      const pieces: Buffer[] = [];
      for await (const piece of result.stream) pieces.push(piece as Buffer);
      return Buffer.concat(pieces).toString("utf8");
    });
  }

  async exportFile(exported: FileExport): Promise<void> {
    const params = "sql" in exported.from ? exported.from.params : undefined;
    await this.command(exportStatement(exported), {
      ...(params === undefined ? {} : { params }),
      ...(exported.settings === undefined ? {} : { settings: exported.settings }),
    });
  }

  async ping(): Promise<boolean> {
    try {
      return (await this.#client.ping()).success;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #run<Result>(use: () => Promise<Result>): Promise<Result> {
    try {
      return await use();
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  #errorOf(error: unknown): MillraceError {
    if (error instanceof MillraceError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ClickHouseError) {
      const { code } = error;
      const text = `Code: ${code}. ${message} (${error.type ?? "UNKNOWN"})`;
      if (["497", "516", "164"].includes(code))
        return new MillraceError("SQL_NOT_ALLOWED", text, { cause: error });
      if (["202", "236", "394"].includes(code)) {
        return new MillraceError("WAREHOUSE_UNAVAILABLE", text, {
          hint: "try again",
          cause: error,
        });
      }
      return new MillraceError("SQL_FAILED", text, { cause: error });
    }
    return new MillraceError(
      "WAREHOUSE_UNAVAILABLE",
      `no answer from the warehouse at ${this.#url}: ${message}`,
      {
        hint: "it may be restarting; repeat the statement, an insert with its token",
        cause: error,
      },
    );
  }
}

function common(options: StatementOptions, more: Settings = {}): Record<string, unknown> {
  return {
    clickhouse_settings: settingsOf({ ...more, ...options.settings }),
    ...(options.params === undefined ? {} : { query_params: paramsOf(options.params) }),
    ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
  };
}

function bounds(options: QueryOptions): Settings {
  return {
    ...(options.maxRows === undefined ? {} : { max_result_rows: String(options.maxRows) }),
    ...(options.timeoutMs === undefined
      ? {}
      : { max_execution_time: Math.max(options.timeoutMs / 1000, 0.001) }),
  };
}

function settingsOf(settings: Settings): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === "boolean" ? Number(value) : value,
    ]),
  );
}

function paramsOf(params: Readonly<Record<string, SqlParameter>>): Record<string, unknown> {
  return { ...params };
}
