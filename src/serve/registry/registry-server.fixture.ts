import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Registry } from "../../storage/registry/registry.ts";
import { createRegistryApi } from "./registry-api.ts";

/** A server around the registry's routes, as tests of real clients need it. */
export async function startRegistryServer(
  registry: Registry,
  {
    tls,
    authorization,
  }: {
    readonly tls?: { readonly cert: string; readonly key: string };
    /** The header without which it answers 401. */
    readonly authorization?: string;
  } = {},
): Promise<{ url: string; server: Server; stop: () => Promise<void> }> {
  const defects: unknown[] = [];
  const api = createRegistryApi(registry, (error) => defects.push(error));
  const answer: RequestListener = (request, response) => {
    if (authorization !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://registry");
      void api({
        method: request.method ?? "GET",
        path: url.pathname.replace(/^\/registry/, ""),
        query: url.searchParams,
        body: Buffer.concat(chunks).toString("utf8"),
      }).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
    });
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${tls === undefined ? "" : "s"}://127.0.0.1:${port}/registry`,
    server,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      if (defects.length > 0) throw new AggregateError(defects, "the registry had defects");
    },
  };
}
