import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { MillraceError } from "../src/core/errors.ts";

/**
 * Below the range from which systems take the ports of outgoing connections: while an engine is
 * down, nobody else gets its port by chance.
 */
const LEAST = 18_000;
const MOST = 32_000;
const ATTEMPTS_MAX = 200;

/** A free port of 127.0.0.1 that isn't in `taken`. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = randomInt(LEAST, MOST);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new MillraceError("PORT_TAKEN", `no free port from ${LEAST} to ${MOST} was found`);
}

/** Whether a server could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
