import assert from "node:assert/strict";
import { test } from "node:test";
import { missingBuilds } from "./lockfile.ts";

test("builds for other platforms that the lockfile lacks are found, those it has aren't", () => {
  const optionalDependencies = {
    "@a/linux-x64-gnu": "1.0.0",
    "@a/linux-arm64-musl": "1.0.0",
    "@a/darwin-arm64": "1.0.0",
    "not-a-build": "1.0.0",
  };
  const packages = {
    "node_modules/a": { version: "1.0.0", dev: true, optionalDependencies },
    "node_modules/@a/linux-x64-gnu": { version: "1.0.0" },
  };
  const shared = { version: "1.0.0", cpu: ["arm64"], dev: true, optional: true };
  assert.deepEqual(missingBuilds({ packages }), {
    "node_modules/@a/linux-arm64-musl": { ...shared, libc: ["musl"], os: ["linux"] },
    "node_modules/@a/darwin-arm64": { ...shared, os: ["darwin"] },
  });
});
