import type { ServerResponse } from "node:http";
import { asMillraceError, MillraceError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Route } from "../http/route.ts";
import type { MetricSummary } from "./metric-summary.ts";

/** One event as the page lists it. */
export interface LiveEvent {
  readonly id: string;
  /** Its type, or its topic where it has none. */
  readonly kind: string;
  readonly text: string;
  readonly receivedAt: number;
  /** Came by another key than the simulated traffic's. */
  readonly mine: boolean;
}

/** What is sent once a second to each listener. */
export interface LiveState {
  readonly project: string;
  /** A command that sends an event here. */
  readonly curl: string;
  /** Accepted events a second, over the last few seconds. */
  readonly rate: number;
  readonly totals: {
    readonly accepted: number;
    readonly duplicate: number;
    readonly quarantined: number;
    readonly refused: number;
  };
  readonly metrics: readonly MetricSummary[];
  /** Those since the last message, oldest first. */
  readonly events: readonly LiveEvent[];
}

/** Server-sent events for whoever listens. Makes a state only while someone does. */
export interface LiveFeed {
  readonly route: Route;
  listeners(): number;
  close(): void;
}

const EVERY_MS = 1_000;
/** A listener that hasn't taken this much is cut off; its browser connects again. */
const UNSENT_BYTES_MAX = 1024 * 1024;

/** A feed that asks `state` once a second; `onDefect` is told why one couldn't be made. */
export function createLiveFeed(
  state: () => Promise<LiveState>,
  onDefect: (error: MillraceError) => void,
): LiveFeed {
  const listeners = new Set<ServerResponse>();
  let busy = false;

  const send = async (to: Iterable<ServerResponse>): Promise<void> => {
    const message = `event: state\ndata: ${JSON.stringify(await state())}\n\n`;
    for (const listener of to) {
      if (listener.writableLength > UNSENT_BYTES_MAX) listener.destroy();
      else listener.write(message);
    }
  };
  const tick = async (): Promise<void> => {
    if (busy || listeners.size === 0) return;
    busy = true;
    // A state that can't be made now (a part is restarting) is made a second later.
    await send(listeners).catch((thrown: unknown) => {
      const error = asMillraceError(thrown);
      if (error.code === "INTERNAL") onDefect(error);
    });
    busy = false;
  };
  const timer = setInterval(() => void tick(), EVERY_MS);

  const route: Route = {
    method: "GET",
    path: "/v1/live",
    access: "read",
    summary: "What happens now, as server-sent events, once a second",
    answers: "text/event-stream",
    handle: () => {
      if (listeners.size >= LIMITS.liveListenersMax) {
        throw new MillraceError("RATE_LIMITED", "too many listeners", {
          hint: `${LIMITS.liveListenersMax} at most; close one`,
        });
      }
      return {
        status: 200,
        headers: {
          "content-type": "text/event-stream; charset=utf-8",
          "cache-control": "no-store",
          "x-accel-buffering": "no",
        },
        stream: (response) => {
          listeners.add(response);
          response.on("close", () => listeners.delete(response));
          response.write("retry: 1000\n\n");
          void tick();
        },
      };
    },
  };
  return {
    route,
    listeners: () => listeners.size,
    close: () => {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
    },
  };
}
