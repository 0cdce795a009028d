import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../src/core/fingerprint.ts";
import type { Engine, EngineContext, FetchContext, Part } from "./engine.ts";
import { systemProgram } from "./fetch/apt.ts";
import { identityOf } from "./process-identity.ts";
import { runTool } from "./run-tool.ts";

const USER = "millrace";
const INSTALL = "install postgresql (apt-get install postgresql)";

/** PostgreSQL as a source of changes: logical decoding is on, its one user may replicate. */
export const postgres: Engine = {
  name: "postgres",
  summary: "PostgreSQL, of the system",
  needs: [],
  ports: ["postgres"],
  fetch: fetchPostgres,
  place: async (context) => {
    const program = await fetchPostgres(context);
    const port = context.port("postgres");
    const password = context.secret("postgres");
    const user = await unprivilegedUser();
    const data = dataFolder(context, user);
    const url = `postgres://${USER}:${password}@127.0.0.1:${port}/${USER}`;
    const psql = (database: string, sql: string): Promise<string> =>
      runTool(join(program, "..", "psql"), ["-X", "-q", "-A", "-t", "-c", sql], {
        env: connection(port, password, database),
        install: INSTALL,
      });
    return {
      parts: [
        {
          name: "postgres",
          command: program,
          args: ["-D", data, ...settings(port)],
          cwd: "/",
          ...(user === undefined ? {} : { user }),
          dataFolder: data,
          prepare: () => initialise({ program, data, password, user }),
          ready: async () => (await psql("postgres", "SELECT 1")).trim() === "1",
          // Ends sessions instead of waiting for them.
          stopSignal: "SIGINT",
        },
      ],
      addresses: { postgres: { url } },
      settle: async () => {
        const there = `SELECT 1 FROM pg_database WHERE datname = '${USER}'`;
        if ((await psql("postgres", there)) === "") {
          await psql("postgres", `CREATE DATABASE ${USER}`);
        }
      },
    };
  },
};

function fetchPostgres(context: FetchContext): Promise<string> {
  return systemProgram(context, "postgres", "postgresql", programFolders);
}

const connection = (port: number, password: string, database: string) => ({
  PGHOST: "127.0.0.1",
  PGPORT: String(port),
  PGUSER: USER,
  PGPASSWORD: password,
  PGDATABASE: database,
  PGCONNECT_TIMEOUT: "5",
});

const settings = (port: number): readonly string[] =>
  [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "wal_level=logical",
    "max_wal_senders=8",
    "max_replication_slots=8",
    "shared_buffers=32MB",
  ].flatMap((setting) => ["-c", setting]);

/** Debian keeps the server off the path, in a folder for each version. */
function programFolders(): readonly string[] {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return [];
  const newest = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return newest.map((version) => join(versions, version, "bin"));
}

type User = NonNullable<Part["user"]>;

/** PostgreSQL refuses to be run by root: the user that its package made, when this is root. */
async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> =>
    Number(await runTool("id", [flag, "postgres"], { install: INSTALL }));
  return { uid: await id("-u"), gid: await id("-g") };
}

/** Another user may not be able to enter this cluster's folder. */
const dataFolder = (context: EngineContext, user: User | undefined): string =>
  user === undefined
    ? join(context.folder, "data")
    : `/var/tmp/millrace-postgres-${fingerprint(context.folder)}`;

interface Initialisation {
  readonly program: string;
  readonly data: string;
  readonly password: string;
  readonly user: User | undefined;
}

async function initialise({ program, data, password, user }: Initialisation): Promise<void> {
  if (existsSync(join(data, "PG_VERSION"))) {
    forgetBuried(join(data, "postmaster.pid"));
    return;
  }
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const file = `${data}.password`;
  writeFileSync(file, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [data, file]) chownSync(path, user.uid, user.gid);
  try {
    const flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"];
    const args = ["-D", data, "-U", USER, `--pwfile=${file}`, ...flags];
    await runTool(join(program, "..", "initdb"), args, { cwd: "/", install: INSTALL, ...user });
  } catch (thrown) {
    // Half of a database would be taken for a whole one.
    rmSync(data, { recursive: true, force: true });
    throw thrown;
  } finally {
    rmSync(file);
  }
}

/**
 * A killed server whose end nobody has asked for yet still has its number, and PostgreSQL takes it
 * for one that runs.
 */
function forgetBuried(file: string): void {
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (identityOf(pid) === undefined) rmSync(file);
}
