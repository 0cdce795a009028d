import type { Clock } from "../../core/clock.ts";
import type { MillraceError } from "../../core/errors.ts";
import { asMillraceError } from "../../core/errors.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { ledgerReport, type LedgerRequest } from "../../process/quality/ledger.ts";
import { ofLog } from "../../process/quality/of-log.ts";
import { quarantineList } from "../../process/quality/quarantine-list.ts";
import { traceEvent } from "../../process/quality/trace.ts";
import { batchRoutes } from "../../serve/batch/batch-routes.ts";
import { createReadAccess } from "../../serve/http/access.ts";
import { createApi, errorAnswer } from "../../serve/http/api.ts";
import { json } from "../../serve/http/http-message.ts";
import type { HttpHandler } from "../../serve/http/http-server.ts";
import { openApiDocument } from "../../serve/http/openapi.ts";
import type { Route } from "../../serve/http/route.ts";
import type { LiveFeed } from "../../serve/live/live-feed.ts";
import { metricRoutes } from "../../serve/metrics/metric-routes.ts";
import { healthRoutes } from "../../serve/observe/health-routes.ts";
import { pageRoutes } from "../../serve/page/page-routes.ts";
import { qualityRoutes } from "../../serve/quality/quality-routes.ts";
import { createRegistryApi, registryRoutes } from "../../serve/registry/registry-api.ts";
import {
  answerRegistry,
  describeRegistry,
  isRegistryPath,
} from "../../serve/registry/registry-routes.ts";
import { sqlRoute } from "../../serve/sql/sql-route.ts";
import { openEmbeddedLakeReader } from "../../storage/lake/embedded/embedded-lake-reader.ts";
import type { LakeReader } from "../../storage/lake/lake.ts";
import type { QuarantineQuery } from "../../storage/log/log.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import type { Warehouse } from "../../storage/warehouse/warehouse.ts";
import { COLLECT_ROUTES } from "../shared/collect-routes.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Door } from "./door.ts";
import { readFigures } from "./figures.ts";
import { importRoutes } from "./import-routes.ts";
import type { LayoutStore } from "./layout-store.ts";
import type { PipelineProcess } from "./pipeline-process.ts";
import { isLoopback } from "../shared/loopback.ts";
import type { Settings } from "./settings.ts";

export interface HandlerParts {
  readonly settings: Settings;
  readonly folder: DataFolder;
  readonly adminKey: string;
  readonly door: Door;
  readonly pipeline: PipelineProcess;
  readonly registry: Registry;
  readonly layouts: LayoutStore;
  readonly plan: () => Plan;
  /** The warehouse as the pipeline itself. */
  readonly own: Warehouse;
  /** The warehouse as a user who may only read, behind its fence. */
  readonly readOnly: Warehouse;
  readonly feed: LiveFeed;
  readonly clock: Clock;
  readonly onDefect: (error: MillraceError) => void;
}

/** Everything of the HTTP API but the collector. */
export async function createHandler(parts: HandlerParts): Promise<HttpHandler> {
  const access = createReadAccess({
    adminKey: parts.adminKey,
    loopback: isLoopback(parts.settings.host),
  });
  const routes = [...(await pageRoutes()), ...apiRoutes(parts)];
  const openapi: Route = {
    method: "GET",
    path: "/openapi.json",
    access: "open",
    summary: "This document",
    handle: () => json(openApiDocument(described, `Millrace: ${parts.plan().name}`)),
  };
  const described = [
    ...COLLECT_ROUTES,
    ...routes,
    openapi,
    ...describeRegistry(registryRoutes(parts.registry)),
  ];
  const api = createApi({
    routes: [...routes, openapi],
    elsewhere: COLLECT_ROUTES,
    access,
    onDefect: parts.onDefect,
  });
  const registryApi = createRegistryApi(parts.registry, (thrown) =>
    parts.onDefect(asMillraceError(thrown)),
  );
  return async (request) => {
    if (!isRegistryPath(request.path)) return api(request);
    try {
      access(request);
      return await answerRegistry(registryApi, request);
    } catch (thrown) {
      return errorAnswer(asMillraceError(thrown), parts.onDefect);
    }
  };
}

function apiRoutes(parts: HandlerParts): readonly Route[] {
  const { plan, own, readOnly, pipeline, clock, feed } = parts;
  return [
    ...metricRoutes({
      plan,
      warehouse: own,
      clock,
      open: { openRows: (metric, query) => pipeline.calls.openRows({ metric, query }) },
    }),
    sqlRoute(readOnly),
    feed.route,
    ...importRoutes(parts.door.imports, parts.adminKey),
    ...qualityRoutes(qualitySources(parts), clock),
    ...batchRoutes({
      amend: (call) => pipeline.calls.amend(call),
      backfill: (call) => pipeline.calls.backfill(call),
      audit: (call) => pipeline.calls.audit(call),
    }),
    ...healthRoutes(
      async () => [
        { part: "log", ready: true },
        { part: "pipeline", ready: pipeline.isReady() },
        { part: "warehouse", ready: await own.ping() },
      ],
      () => readFigures(parts),
    ),
  ];
}

function qualitySources({ door, own, folder, plan, layouts, clock }: HandlerParts) {
  const log = ofLog({
    log: door.log,
    layoutOf: (_topic, number) => layouts.layoutOf(number),
    positions: (stage) => door.log.positions(stage),
  });
  const withLake = async <T>(answer: (lake: LakeReader) => Promise<T>): Promise<T> => {
    const lake = openEmbeddedLakeReader(folder.lake, clock);
    try {
      return await answer(lake);
    } finally {
      lake.close();
    }
  };
  return {
    ledger: (request: LedgerRequest) =>
      withLake((lake) => ledgerReport({ ...log, warehouse: own, lake }, request)),
    trace: (eventId: string) =>
      withLake((lake) => traceEvent({ ...log, plan: plan(), warehouse: own, lake }, eventId)),
    quarantine: (query: QuarantineQuery) => quarantineList(log.quarantined, query),
  };
}
