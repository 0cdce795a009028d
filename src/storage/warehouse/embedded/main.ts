import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { MillraceError } from "../../../core/errors.ts";
import { openEngine } from "./engine.ts";
import { engineVersion, fenceRules } from "./reader-query.ts";
import { warehouseServer } from "./server.ts";
import type { ChildConfig, ChildReport } from "./child-protocol.ts";
import { userCheck } from "./users.ts";

/**
 * The warehouse's process. It reads its configuration as one JSON line from standard input (keys
 * must not be seen in a list of processes), reports one JSON line on standard output when it
 * listens or can't, and ends when standard input does: when its parent is gone, or says stop.
 */
async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  const first = await new Promise<string>((resolve) => lines.once("line", resolve));
  const ended = new Promise<void>((resolve) => lines.once("close", resolve));
  const config = JSON.parse(first) as ChildConfig;
  const incoming = join(config.dataDir, "incoming");
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const engine = await openEngine(config.dataDir, config, () => {
    // Threads of the engine are stuck for good; the parent starts a new process.
    process.kill(process.pid, "SIGKILL");
  });
  const server = warehouseServer({
    engine,
    version: await engineVersion(engine.control),
    rules: await fenceRules(engine.control, config.database),
    checkUser: userCheck(config.users),
    incoming,
  });
  const port = await listen(server, config.port, config.host);
  report({ ready: true, port });
  process.on("SIGINT", () => {}); // the parent decides when
  process.on("SIGTERM", () => lines.close());
  await ended;
  const closed = new Promise((resolve) => server.close(resolve));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const patience = setTimeout(() => process.kill(process.pid, "SIGKILL"), config.drainMs);
  await closed;
  clearInterval(sweep);
  await engine.close();
  clearTimeout(patience);
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        taken
          ? new MillraceError("PORT_TAKEN", `another program listens on port ${port} (${host})`, {
              field: "MILLRACE_CLICKHOUSE_PORT",
              hint: "stop that program, or set MILLRACE_CLICKHOUSE_PORT to another port (0: any)",
            })
          : error,
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function report(line: ChildReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  const known = error instanceof MillraceError;
  const message = error instanceof Error ? error.message : String(error);
  report({
    ready: false,
    code: known ? error.code : "WAREHOUSE_UNAVAILABLE",
    message,
    ...(known && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(known && error.field !== undefined ? { field: error.field } : {}),
  });
  process.exit(1);
}
