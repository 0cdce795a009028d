import type { IncomingMessage, ServerResponse } from "node:http";
import { MillraceError } from "../../core/errors.ts";
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
  try {
    send(response, await collector.handle({ ...request, ...(await collector.readBody(message)) }));
  } catch (error) {
    // a body that wasn't read to its end leaves the connection in no state to go on
    response.shouldKeepAlive = false;
    send(response, collector.failure(request, error));
  }
}

/** Answers one message so that its client sends it again: what is needed to judge it isn't there yet. */
export function refuseUntilReady(
  collector: Collector,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  const error = new MillraceError("NOT_READY", "the rows of tables are still being read", {
    hint: "send it again in a second; /readyz says when",
  });
  response.shouldKeepAlive = false;
  send(response, collector.failure(collectRequest(message, EMPTY), error));
}

function send(response: ServerResponse, { status, headers, body }: CollectResponse): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
