import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registrySuite } from "../registry.suite.ts";
import { openEmbeddedRegistry } from "./embedded-registry.ts";

registrySuite({
  name: "embedded",
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-registry-"));
    const path = join(folder, "registry.db");
    let registry = openEmbeddedRegistry(path);
    return {
      registry,
      reopen: async () => {
        await registry.close();
        registry = openEmbeddedRegistry(path);
        return registry;
      },
      dispose: async () => {
        await registry.close();
        await rm(folder, { recursive: true });
      },
    };
  },
});
