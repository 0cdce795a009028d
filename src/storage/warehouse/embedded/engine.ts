import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drainPending, Session } from "./chdb.ts";
import { LIMITS } from "../../../core/limits.ts";
import {
  configXml,
  type EngineConfig,
  PIPELINE_SETTINGS,
  READER_SETTINGS,
  ROLES,
  usersXml,
} from "./engine-config.ts";
import { EngineSession } from "./engine-session.ts";
import { SessionPool } from "./session-pool.ts";
import { sqlIdentifier } from "./sql-tokens.ts";

/**
 * One ClickHouse engine over one folder, with sessions set apart by use: one session runs one
 * query at a time, so a long query of one kind must not hold up another kind.
 */
export interface Engine {
  /** Inserts and DDL of the pipeline. */
  readonly loading: SessionPool<EngineSession>;
  /** The pipeline's own reads. */
  readonly serving: SessionPool<EngineSession>;
  /** Outsiders' SQL, in the reader's role. */
  readonly reading: SessionPool<EngineSession>;
  /** `KILL QUERY` and start-up; never waits behind a query. */
  readonly control: EngineSession;
  /** Waits for running queries, then closes. Closing a busy connection would abort the engine. */
  close(): Promise<void>;
}

/**
 * Opens the engine in `folder`; one process may open one folder. Calls `onWornOut` when so many
 * sessions had to be given up that the process should be started anew.
 */
export async function openEngine(
  folder: string,
  config: EngineConfig,
  onWornOut: () => void,
): Promise<Engine> {
  const configFolder = join(folder, "config");
  await mkdir(configFolder, { recursive: true, mode: 0o700 });
  const configPath = join(configFolder, "config.xml");
  const usersPath = join(configFolder, "users.xml");
  await writeFile(usersPath, usersXml(config), { mode: 0o600 });
  await writeFile(configPath, configXml(config, usersPath), { mode: 0o600 });

  const path = join(folder, "engine");
  const opened: Session[] = [];
  const connect = (): Session => {
    const session = new Session(path, { connectionArgs: [`--config-file=${configPath}`] });
    opened.push(session);
    return session;
  };
  const pipeline = async (): Promise<EngineSession> =>
    new EngineSession(connect(), config.database, PIPELINE_SETTINGS);
  const reader = async (): Promise<EngineSession> => {
    const session = new EngineSession(connect(), config.database, READER_SETTINGS);
    await session.prepare();
    await session.run(`SET ROLE ${ROLES.reader}`);
    // 2: nothing can be changed but settings, which the fence looks at (1 would refuse those too).
    await session.run("SET readonly = 2");
    return session;
  };
  const pool = async (
    count: number,
    make: () => Promise<EngineSession>,
  ): Promise<SessionPool<EngineSession>> => {
    const sessions: EngineSession[] = [];
    while (sessions.length < count) sessions.push(await make());
    return new SessionPool(sessions, LIMITS.warehouseWaitingMax, async () => {
      given += 1;
      if (given > LIMITS.warehouseGivenUpMax) onWornOut();
      return make();
    });
  };
  let given = 0;
  const control = await pipeline();
  await control.run(`CREATE DATABASE IF NOT EXISTS ${sqlIdentifier(config.database)}`);
  return {
    control,
    loading: await pool(LIMITS.warehouseLoadersMax, pipeline),
    serving: await pool(LIMITS.warehouseServersMax, pipeline),
    reading: await pool(LIMITS.warehouseReadersMax, reader),
    close: async () => {
      await drainPending();
      for (const session of opened) session.close();
      await drainPending();
    },
  };
}
