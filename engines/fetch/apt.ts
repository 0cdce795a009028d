import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { MillraceError } from "../../src/core/errors.ts";
import type { FetchContext } from "../engine.ts";
import { runTool } from "../run-tool.ts";

/** Places of servers that a user's path often leaves out. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/**
 * A program of the system, installed by apt where that is there and this is root; otherwise
 * `ENGINE_UNAVAILABLE` says what to install. The server that the package may start by itself is
 * kept from starting.
 */
export async function systemProgram(
  context: FetchContext,
  program: string,
  packageName: string,
  folders: () => readonly string[] = () => [],
): Promise<string> {
  const found = (): string | undefined => {
    const path = (context.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
    const all = [...folders(), ...path, ...MORE_FOLDERS];
    return all.map((folder) => join(folder, program)).find((file) => existsSync(file));
  };
  const there = found();
  if (there !== undefined) return there;
  if (existsSync("/usr/bin/apt-get") && process.getuid?.() === 0) {
    await aptInstall(context, packageName);
  }
  const now = found();
  if (now !== undefined) return now;
  throw new MillraceError("ENGINE_UNAVAILABLE", `${program} isn't installed`, {
    hint: `install ${packageName} (as root: apt-get install ${packageName})`,
  });
}

async function aptInstall(context: FetchContext, packageName: string): Promise<void> {
  context.tell(`installing ${packageName} with apt`);
  const options = {
    install: `install ${packageName}`,
    // In runlevel 1 Debian's packages don't start the services that they bring.
    env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  };
  const args = ["install", "-y", "-q", "--no-install-recommends", packageName];
  await runTool("apt-get", args, options).catch(async () => {
    // Its lists may be old.
    await runTool("apt-get", ["update", "-q"], options);
    await runTool("apt-get", args, options);
  });
}
