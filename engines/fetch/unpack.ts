import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../run-tool.ts";

/** Unpacks every `.tar.gz` of a folder where it lies and removes the archives. */
export async function unpackArchives(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".tar.gz"))) {
    await runTool("tar", ["-xzf", name], { cwd: folder, install: "install tar" });
    rmSync(join(folder, name));
  }
}
