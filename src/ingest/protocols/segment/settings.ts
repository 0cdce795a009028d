import type { CollectRequest, CollectResponse } from "../../http/collect-request.ts";
import { jsonResponse } from "../protocol.ts";

const SETTINGS = /^\/(?:v1\/)?projects\/([^/]{1,256})\/settings$/;

export const isSettingsPath = (path: string): boolean => SETTINGS.test(path);

/** What Segment's browser and mobile clients ask for before they start. */
export function settingsResponse({ path, headers }: CollectRequest): CollectResponse {
  const apiKey = SETTINGS.exec(path)?.[1] ?? "";
  const { host } = headers;
  const everything = { __default: { enabled: true } };
  const body = {
    integrations: {
      "Segment.io": {
        apiKey,
        ...(host === undefined ? {} : { apiHost: `${host}/v1` }),
        protocol: headers["x-forwarded-proto"] === "https" ? "https" : "http",
        versionSettings: { version: "4.4.7", componentTypes: ["browser"] },
      },
    },
    plan: { track: everything, identify: everything, group: everything },
    analyticsNextEnabled: true,
  };
  return jsonResponse(200, JSON.stringify(body), { "cache-control": "public, max-age=86400" });
}
