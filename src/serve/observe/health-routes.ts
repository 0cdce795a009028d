import { json, text } from "../http/http-message.ts";
import type { Route } from "../http/route.ts";
import { figuresText, type Figure } from "./figures.ts";

/** Whether one part of the system can do its work, and if not, why. */
export interface PartHealth {
  readonly part: string;
  readonly ready: boolean;
  readonly detail?: string;
}

/** `/healthz`, `/readyz` and `/metrics`. */
export function healthRoutes(
  health: () => Promise<readonly PartHealth[]>,
  figures: () => Promise<readonly Figure[]>,
): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      access: "open",
      summary: "Whether the process runs",
      handle: () => json({ status: "ok" }),
    },
    {
      method: "GET",
      path: "/readyz",
      access: "open",
      summary: "Whether every part is ready; 503 while one isn't",
      handle: async () => {
        const parts = await health();
        const ready = parts.every((part) => part.ready);
        return json({ status: ready ? "ready" : "starting", parts }, ready ? 200 : 503);
      },
    },
    {
      method: "GET",
      path: "/metrics",
      access: "read",
      summary: "The system's own figures, for Prometheus",
      answers: "text/plain",
      handle: async () => ({
        ...text(figuresText(await figures())),
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
    },
  ];
}
