import { asMillraceError } from "../../core/errors.ts";
import { createReadAccess } from "../../serve/http/access.ts";
import { createApi } from "../../serve/http/api.ts";
import {
  startHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from "../../serve/http/http-server.ts";
import type { Route, RouteDescription } from "../../serve/http/route.ts";
import type { Figure } from "../../serve/observe/figures.ts";
import { healthRoutes, type PartHealth } from "../../serve/observe/health-routes.ts";
import { isLoopback } from "../shared/loopback.ts";
import type { RoleSettings } from "./role.ts";

export interface Health {
  readonly parts: () => Promise<readonly PartHealth[]>;
  readonly figures: () => Promise<readonly Figure[]>;
  /** What a role answers beside. */
  readonly routes?: readonly Route[];
  /** What `intercept` answers. */
  readonly elsewhere?: readonly RouteDescription[];
  readonly intercept?: HttpServerOptions["intercept"];
}

/** The HTTP server of a replica: `/healthz`, `/readyz`, `/metrics`, and what else its role has. */
export function serveHealth(
  { host, port, adminKey }: RoleSettings,
  onProblem: (text: string) => void,
  { parts, figures, routes = [], elsewhere = [], intercept }: Health,
): Promise<HttpServer> {
  return startHttpServer({
    host,
    port,
    portVariable: "MILLRACE_PORT",
    ...(intercept !== undefined && { intercept }),
    handler: createApi({
      routes: [...healthRoutes(parts, figures), ...routes],
      elsewhere,
      access: createReadAccess({ adminKey, loopback: isLoopback(host) }),
      onDefect: (thrown) => onProblem(asMillraceError(thrown).message),
    }),
  });
}
