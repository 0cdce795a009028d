import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { LIMITS } from "../../../core/limits.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import type { EngineSession } from "./engine-session.ts";
import type { FenceRules } from "./fence.ts";
import { DEFAULT_FORMAT, formatInfo } from "./formats.ts";
import { HttpAnswer } from "./http-answer.ts";
import { type HttpQuery, readRequest } from "./http-request.ts";
import { blocksForRevision } from "./native-blocks.ts";
import { checkedQuery } from "./reader-query.ts";
import { bodyBytes, bodyText, bodyToFile, requestBody } from "./request-body.ts";
import { PoolFull, type SessionPool } from "./session-pool.ts";
import { sqlString } from "./sql-tokens.ts";
import { readStatement, type Statement } from "./statement.ts";
import type { Right } from "./users.ts";

/** What the server needs to answer. */
export interface ServerOptions {
  readonly engine: Engine;
  readonly rules: FenceRules;
  readonly checkUser: (name: string, key: string) => Right;
  /** The engine's version, for error texts. */
  readonly version: string;
  /** A folder for the rows of inserts on their way to the engine. */
  readonly incoming: string;
}

/** One query on its way through the server. */
interface Running {
  readonly http: HttpQuery;
  readonly answer: HttpAnswer;
  /** Ends the query's text, so that `KILL QUERY` finds it. */
  readonly mark: string;
  readonly gone: () => boolean;
  /**
   * Whether the result is given piece by piece; else it is held whole, up to a bound. Only the
   * pipeline may ask for it: a streamed query can't be ended before it gives its next piece.
   */
  readonly stream: boolean;
  /** Resolved when the engine was told to end the query and doesn't. */
  readonly stuck: PromiseWithResolvers<void>;
  /** Whether a session works on it now. */
  inEngine: boolean;
}

/** An HTTP server that speaks ClickHouse's protocol over an engine. */
export function warehouseServer(options: ServerOptions): Server {
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    void answerRequest(options, request, response);
  });
  server.requestTimeout = 0;
  return server;
}

async function answerRequest(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { version } = options;
  const head = request.method === "HEAD";
  let answer = new HttpAnswer(response, { accepted: undefined, head, version });
  try {
    const http = readRequest(request);
    answer = new HttpAnswer(response, {
      accepted: http.compress ? request.headers["accept-encoding"] : undefined,
      head,
      version,
    });
    const queryId = http.queryId ?? randomUUID();
    response.setHeader("X-ClickHouse-Query-Id", queryId.replace(/[^\x20-\x7e]/g, "?"));
    response.setHeader("X-ClickHouse-Server-Display-Name", "millrace");
    if (answerWithoutQuery(http, response)) return;
    const mark = `/*${randomUUID()}*/`;
    const right = options.checkUser(http.user, http.key);
    const running: Running = {
      stream: right === "pipeline" && http.stream && http.revision === 0,
      stuck: Promise.withResolvers<void>(),
      http,
      answer,
      mark,
      inEngine: false,
      gone: () => response.destroyed,
    };
    response.on("close", () => {
      if (!response.writableFinished && !running.stream) void kill(options.engine, running);
    });
    const body = requestBody(request);
    if (right === "pipeline") await answerPipeline(options, running, body);
    else await answerReader(options, running, body);
  } catch (error) {
    request.resume();
    answer.fail(asEngineError(error));
  }
}

/** `/ping` and the like need no user; a wrong address is told apart from a wrong query. */
function answerWithoutQuery(http: HttpQuery, response: ServerResponse): boolean {
  const text = (status: number, body: string): true => {
    response.statusCode = status;
    response.setHeader("Content-Type", "text/plain; charset=UTF-8");
    response.end(http.method === "HEAD" ? undefined : body);
    return true;
  };
  if (http.path === "/ping" || http.path === "/replicas_status") return text(200, "Ok.\n");
  if (http.path !== "/") {
    return text(404, `There is no handle ${http.path}\n\nUse / or /ping.\n`);
  }
  if (!["GET", "HEAD", "POST"].includes(http.method)) return text(501, "Use GET, HEAD or POST.\n");
  if (http.method !== "POST" && http.query === "") return text(200, "Ok.\n");
  return false;
}

async function answerReader(
  options: ServerOptions,
  running: Running,
  body: Readable,
): Promise<void> {
  const { http } = running;
  const rest = http.method === "POST" ? await bodyText(body, LIMITS.sqlTextBytesMax) : "";
  const sql = joined(http.query, rest);
  if (Buffer.byteLength(sql) > LIMITS.sqlTextBytesMax) {
    throw EngineError.of(
      62,
      "SYNTAX_ERROR",
      `Query is larger than ${LIMITS.sqlTextBytesMax} bytes`,
    );
  }
  await withSession(options.engine.reading, running, async (session) => {
    const checked = await checkedQuery(session, sql, contextOf(http), options.rules);
    const format = checked.format ?? http.format ?? DEFAULT_FORMAT;
    await sendResult(session, running, checked.sql, format);
  });
}

async function answerPipeline(
  options: ServerOptions,
  running: Running,
  body: Readable,
): Promise<void> {
  const { http } = running;
  let sql = http.query;
  let statement = readStatement(sql);
  let rows: { first: Uint8Array; rest: Readable | undefined } = {
    first: new Uint8Array(),
    rest: body,
  };
  if (statement.insert === undefined) {
    const bytes = await bodyBytes(body, LIMITS.warehouseStatementBytesMax);
    if (bytes.length > 0) {
      sql = joined(sql, bytes.toString("latin1"));
      statement = readStatement(sql);
    }
    const start = statement.insert?.dataStart;
    if (start !== undefined) {
      rows = { first: Buffer.from(sql.slice(start), "latin1"), rest: undefined };
    } else if (bytes.length > 0) sql = joined(http.query, bytes.toString("utf8"));
  } else if (statement.insert.dataStart < sql.length) {
    rows = { first: Buffer.from(sql.slice(statement.insert.dataStart)), rest: body };
  }
  if (http.method !== "POST" && statement.kind !== "read") {
    throw EngineError.of(164, "READONLY", "Cannot execute query in readonly mode; use POST");
  }
  const insert = statement.insert;
  if (insert !== undefined) await insertBody(options, running, insert, rows);
  else await runPipeline(options, running, sql, statement);
}

async function runPipeline(
  options: ServerOptions,
  running: Running,
  sql: string,
  statement: Statement,
): Promise<void> {
  if (/^\s*(SET|USE)\b/i.test(sql)) {
    throw EngineError.of(
      48,
      "NOT_IMPLEMENTED",
      "SET and USE last for one request only: send them in the URL",
    );
  }
  const pool = statement.kind === "read" ? options.engine.serving : options.engine.loading;
  await withSession(pool, running, async (session) => {
    await session.prepare(contextOf(running.http));
    const format = statement.format ?? running.http.format ?? DEFAULT_FORMAT;
    await sendResult(session, running, sql.replace(/[;\s]+$/, ""), format);
  });
}

/** Rows go through a file: the engine reads every format from one, in a bounded memory. */
async function insertBody(
  options: ServerOptions,
  running: Running,
  insert: NonNullable<Statement["insert"]>,
  rows: { first: Uint8Array; rest: Readable | undefined },
): Promise<void> {
  const path = join(options.incoming, randomUUID());
  try {
    await bodyToFile(rows.first, rows.rest, path);
    await withSession(options.engine.loading, running, async (session) => {
      await session.prepare(contextOf(running.http));
      const sql = `${insert.into} FROM INFILE ${sqlString(path)} ${insert.settings} FORMAT ${insert.format}`;
      await sendResult(session, running, sql, DEFAULT_FORMAT);
    });
  } finally {
    await rm(path, { force: true });
  }
}

function contextOf(http: HttpQuery): {
  settings: HttpQuery["settings"];
  params: HttpQuery["params"];
  database?: string;
} {
  const { settings, params, database } = http;
  return database === undefined || database === "default"
    ? { settings, params }
    : { settings, params, database };
}

async function withSession(
  pool: SessionPool<EngineSession>,
  running: Running,
  use: (session: EngineSession) => Promise<void>,
): Promise<void> {
  const session = await pool.acquire();
  if (running.gone()) return pool.release(session);
  running.inEngine = true;
  const used = use(session);
  used.catch(() => {}); // when it is given up, nobody waits for it
  let stuck = false;
  try {
    await Promise.race([used, running.stuck.promise.then(() => (stuck = true))]);
  } finally {
    running.inEngine = false;
    if (stuck) await pool.replace();
    else pool.release(session);
  }
}

async function sendResult(
  session: EngineSession,
  running: Running,
  sql: string,
  format: string,
): Promise<void> {
  const { answer, mark } = running;
  const info = formatInfo(format);
  const marked = `${sql}\n${mark}`;
  if (!running.stream || !info.joinable || !readStatement(sql).select) {
    const result = await session.run(marked, format);
    const bytes =
      format === "Native" ? blocksForRevision(result.bytes, running.http.revision) : result.bytes;
    answer.start(info.contentType, format, result);
    await answer.write(bytes);
  } else {
    for await (const piece of session.stream(marked, format)) {
      if (!answer.started) answer.start(info.contentType, format, undefined);
      await answer.write(piece);
      if (running.gone()) return;
    }
    if (!answer.started) answer.start(info.contentType, format, undefined);
  }
  answer.end();
}

/**
 * Ends the query of a client that went away. `KILL QUERY` has a race in this engine: now and then a
 * query that is told to end is marked as cancelled and waits for ever (the more often its progress
 * is asked for, the more often; a query that reaches its time limit always ends). Then its session
 * is given up and another takes its place. The text of the KILL must not itself end with the mark.
 */
async function kill(engine: Engine, running: Running): Promise<void> {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  for (let tries = 0; running.inEngine && tries < KILL_TRIES_MAX; tries++) {
    await wait(KILL_AGAIN_MS);
    if (!running.inEngine) return;
    try {
      const mark = sqlString(running.mark);
      await engine.control.run(`KILL QUERY WHERE endsWith(query, ${mark}) ASYNC`);
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  await wait(KILL_AGAIN_MS);
  if (running.inEngine) running.stuck.resolve();
}

const KILL_AGAIN_MS = 250;
const KILL_TRIES_MAX = 8;

/** The query of the URL, then that of the body, as ClickHouse joins them. */
function joined(query: string, body: string): string {
  return query === "" ? body : body === "" ? query : `${query}\n${body}`;
}

function asEngineError(thrown: unknown): EngineError {
  if (thrown instanceof PoolFull) {
    return EngineError.of(202, "TOO_MANY_SIMULTANEOUS_QUERIES", `${thrown.message}; try again`);
  }
  return EngineError.from(thrown);
}
