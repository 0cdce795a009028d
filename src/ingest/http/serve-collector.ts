import type { IncomingMessage, ServerResponse } from "node:http";
import type { Collector } from "../collector.ts";
import { collectRequest, type CollectResponse } from "./collect-request.ts";

const EMPTY = Buffer.alloc(0);

/** Answers one message of a node:http server whose path the collector handles. */
export async function serveCollector(
  collector: Collector,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = collectRequest(message, EMPTY);
  let release: (() => void) | undefined;
  try {
    const read = await collector.readBody(message);
    release = read.release;
    send(response, await collector.handle({ ...request, body: read.body }));
  } catch (error) {
    // a body that wasn't read to its end leaves the connection in no state to go on
    response.shouldKeepAlive = false;
    send(response, collector.failure(request, error));
  } finally {
    release?.();
  }
}

function send(response: ServerResponse, { status, headers, body }: CollectResponse): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
