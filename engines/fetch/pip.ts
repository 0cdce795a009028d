import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../run-tool.ts";
import { unpackArchives } from "./unpack.ts";

/**
 * Downloads the source archive of a package from PyPI (`name==version`) and unpacks it into
 * `folder`; the one folder that was in it. Nothing of it is built or installed.
 */
export async function pipSource(folder: string, requirement: string): Promise<string> {
  const install = "install Python 3 with pip (apt: python3-pip)";
  const only = ["--no-deps", "--no-binary", ":all:", "--progress-bar", "off"];
  const args = ["-m", "pip", "download", ...only, "--dest", folder, requirement];
  await runTool("python3", args, { install });
  await unpackArchives(folder);
  const [unpacked] = readdirSync(folder);
  return join(folder, unpacked!);
}
