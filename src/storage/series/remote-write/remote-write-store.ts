import { compress } from "snappyjs";
import { MillraceError } from "../../../core/errors.ts";
import { HttpClient } from "../../http-client.ts";
import type { SeriesStore } from "../series.ts";
import { writeRequest } from "./write-request.ts";

/** How to reach VictoriaMetrics, or whatever takes Prometheus' remote write. */
export interface RemoteWriteConnection {
  /** Its root; `/api/v1/write` is below it. May have user and password. */
  readonly url: string;
  /** Authorities beside the system's that may sign its certificate, as PEM texts. */
  readonly ca?: string;
}

const HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
  "user-agent": "millrace",
};
const TOO_MANY_REQUESTS = 429;

/** Opens a store by Prometheus' remote write 1.0. Nothing is sent yet. */
export function openRemoteWrite({ url, ca }: RemoteWriteConnection): SeriesStore {
  const target = new URL(`${url.replace(/\/+$/, "")}/api/v1/write`);
  const client = new HttpClient({
    name: "the time-series database",
    unavailable: "SERIES_UNAVAILABLE",
    ...(ca !== undefined && { ca }),
  });
  return {
    write: async (samples) => {
      const { status, body } = await client.send({
        method: "POST",
        url: target,
        headers: HEADERS,
        body: compress(writeRequest(samples)),
      });
      if (status >= 200 && status < 300) return;
      throw refusal(target, status, body.toString("utf8").trim());
    },
    close: () => client.close(),
  };
}

/** The protocol: what is refused with 4xx is never sent again, but for 429. */
function refusal({ origin, pathname }: URL, status: number, said: string): MillraceError {
  const isFinal = status >= 400 && status < 500 && status !== TOO_MANY_REQUESTS;
  return new MillraceError(
    isFinal ? "SERIES_REFUSED" : "SERIES_UNAVAILABLE",
    `the time-series database at ${origin} answers ${status} to POST ${pathname}: ${said.slice(0, 300)}`,
    { hint: isFinal ? "see `victoriaMetrics.url` in the cluster's file" : "it is tried again" },
  );
}
