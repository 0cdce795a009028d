import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateSuite } from "../state.suite.ts";
import { openEmbeddedState } from "./embedded-state.ts";

stateSuite("embedded", () => {
  const dir = mkdtempSync(join(tmpdir(), "millrace-state-"));
  return {
    open: () => openEmbeddedState(dir),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
});
