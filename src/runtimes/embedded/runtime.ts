import { rmSync, writeFileSync } from "node:fs";
import { systemClock } from "../../core/clock.ts";
import { asMillraceError, type MillraceError } from "../../core/errors.ts";
import { randomHex } from "../../core/random.ts";
import { assertPlan } from "../../language/plan/check/check-plan.ts";
import { serialisePlan } from "../../language/plan/plan-json.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { clickHouseWarehouse } from "../../storage/warehouse/clickhouse-warehouse.ts";
import {
  startWarehouse,
  type WarehouseProcess,
} from "../../storage/warehouse/embedded/start-warehouse.ts";
import { startHttpServer, type HttpServer } from "../../serve/http/http-server.ts";
import { createLiveFeed } from "../../serve/live/live-feed.ts";
import { openDoor, type Door } from "./door.ts";
import { adminKeyOf, openDataFolder, type DataFolder } from "./data-folder.ts";
import { LayoutStore } from "./layout-store.ts";
import { liveState } from "./live-state.ts";
import { startPipelineProcess, type PipelineProcess } from "./pipeline-process.ts";
import { createHandler } from "./handler.ts";
import { registerSchemas } from "./register-schemas.ts";
import type { Settings } from "./settings.ts";
import { INLINE_MORE, MARK_RARELY, setV8Flags } from "./v8-flags.ts";

export interface EmbeddedOptions {
  readonly settings: Settings;
  readonly plan: Plan;
  /** Further write keys, by name: such as the demo's own traffic. */
  readonly writeKeys?: readonly { readonly name: string; readonly key: string }[];
  /** Told what is going on, in a few words each. */
  readonly progress?: (text: string) => void;
  /** Told of what goes wrong while running. */
  readonly onProblem: (text: string) => void;
}

/** A pipeline that runs on this machine. */
export interface EmbeddedRuntime {
  readonly url: string;
  readonly clickhouseUrl: string;
  readonly folder: DataFolder;
  readonly adminKey: string;
  readonly pids: () => {
    readonly main: number;
    readonly pipeline: number | undefined;
    readonly warehouse: number | undefined;
  };
  /** Takes a changed definition; refuses one that is wrong or incompatible and keeps the old. */
  reload(plan: Plan): Promise<void>;
  /** Rejects when a part fails that can't be restarted alone. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** Starts every part and waits until events can come and questions be asked. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedRuntime> {
  setV8Flags([...INLINE_MORE, MARK_RARELY]);
  const { settings, progress = () => undefined, onProblem } = options;
  const closers: (() => Promise<unknown> | void)[] = [];
  try {
    return await start(options, settings, progress, onProblem, closers);
  } catch (thrown) {
    await closeAll(closers);
    throw thrown;
  }
}

const closeAll = async (closers: (() => Promise<unknown> | void)[]): Promise<void> => {
  for (const close of closers.splice(0).toReversed()) await close();
};

async function start(
  options: EmbeddedOptions,
  settings: Settings,
  progress: (text: string) => void,
  onProblem: (text: string) => void,
  closers: (() => Promise<unknown> | void)[],
): Promise<EmbeddedRuntime> {
  let { plan } = options;
  assertPlan(plan);
  const folder = openDataFolder(settings.dataDir);
  const adminKey = adminKeyOf(folder, settings.adminKey);

  progress("opening the schema registry");
  const registry = openEmbeddedRegistry(folder.registry);
  closers.push(() => registry.close());
  await registerSchemas(plan, registry);

  progress("opening the log");
  const layouts = new LayoutStore(folder.layouts);
  const door = await openDoor({
    folder,
    settings,
    plan,
    layouts,
    writeKeys: options.writeKeys ?? [],
    onProblem,
  });
  closers.push(() => door.close());

  progress("starting the warehouse");
  const pipelineKey = randomHex(24);
  const warehouse = await startWarehouse({
    dataDir: folder.warehouse,
    host: settings.host,
    port: settings.clickhousePort,
    adminKey,
    pipelineKey,
    onExit: ({ code, signal }) =>
      onProblem(`the warehouse ended (${signal ?? code}); it is being restarted`),
  });
  closers.push(() => warehouse.stop());

  progress("starting the pipeline");
  const connection = { url: warehouse.url, database: warehouse.database };
  const pipeline = await startPipelineProcess({
    config: () => ({
      dataDir: folder.root,
      plan: serialisePlan(plan),
      warehouse: { ...connection, key: pipelineKey },
      lakeFormat: settings.lakeFormat,
      lakeRollMs: settings.lakeRollMs,
      amendEveryMs: settings.amendEveryMs,
      retention: retentionOf(settings),
    }),
    calls: { setPositions: ({ reader, positions }) => door.writer.setPositions(reader, positions) },
    onExit: ({ code, signal }) =>
      onProblem(`the pipeline ended (${signal ?? code}); it is being restarted`),
  });
  closers.push(() => pipeline.stop());

  const server = await serve({
    settings,
    folder,
    adminKey,
    pipelineKey,
    door,
    warehouse,
    pipeline,
    registry,
    plan: () => plan,
    layouts,
    onProblem,
    closers,
  });
  writeFileSync(folder.runningFile, JSON.stringify({ url: server.url, pid: process.pid }), {
    mode: 0o600,
  });
  closers.push(() => rmSync(folder.runningFile, { force: true }));

  return {
    url: server.url,
    clickhouseUrl: warehouse.url,
    folder,
    adminKey,
    pids: () => ({ main: process.pid, pipeline: pipeline.pid, warehouse: warehouse.pid }),
    reload: async (next) => {
      assertPlan(next);
      await registerSchemas(next, registry);
      plan = next;
      await door.reload(next);
      await pipeline.restart();
    },
    failed: door.failed,
    close: () => closeAll(closers),
  };
}

const retentionOf = ({ eventDays, metricDays }: Settings) => ({
  ...(eventDays > 0 && { eventDays }),
  ...(metricDays > 0 && { metricDays }),
});

interface Serving {
  readonly settings: Settings;
  readonly folder: DataFolder;
  readonly adminKey: string;
  readonly pipelineKey: string;
  readonly door: Door;
  readonly warehouse: WarehouseProcess;
  readonly pipeline: PipelineProcess;
  readonly registry: ReturnType<typeof openEmbeddedRegistry>;
  readonly plan: () => Plan;
  readonly layouts: LayoutStore;
  readonly onProblem: (text: string) => void;
  readonly closers: (() => Promise<unknown> | void)[];
}

/** The HTTP server with the door and the query API behind it. */
async function serve(parts: Serving): Promise<HttpServer> {
  const { settings, adminKey, pipelineKey, door, warehouse, pipeline, closers } = parts;
  const connection = { url: warehouse.url, database: warehouse.database };
  const own = clickHouseWarehouse({ ...connection, user: "pipeline", key: pipelineKey });
  const readOnly = clickHouseWarehouse({ ...connection, user: "admin", key: adminKey });
  closers.push(
    () => own.close(),
    () => readOnly.close(),
  );
  let url = "";
  const onDefect = (error: MillraceError): void =>
    parts.onProblem(`${error.code}: ${error.message}`);
  const { writeKey } = settings;
  const feed = createLiveFeed(
    () => liveState({ plan: parts.plan(), door, pipeline, url, writeKey }),
    onDefect,
  );
  closers.push(() => feed.close());
  door.watch(() => feed.listeners() > 0);
  const handler = await createHandler({
    ...parts,
    own,
    readOnly,
    feed,
    clock: systemClock,
    onDefect,
  });
  const server = await startHttpServer({
    host: settings.host,
    port: settings.port,
    portVariable: "MILLRACE_PORT",
    intercept: (request, response) => door.intercept(request, response),
    handler,
  });
  ({ url } = server);
  closers.push(() => server.close());
  return server;
}

/** The words of any error, for a line on the terminal. */
export const problemText = (thrown: unknown): string => {
  const { code, message } = asMillraceError(thrown);
  return `${code}: ${message}`;
};
