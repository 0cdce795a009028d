// Makes sure that a clone has its packages and runs a TypeScript file of Millrace under the right
// Node. Plain JavaScript, no packages: it runs before anything is installed.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as module from "node:module";
import { constants, tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Installed as somebody's dependency: npm has done the installing, and there is no lockfile. */
const isPackage = root.split(sep).includes("node_modules");
const neededVersion = [24, 12];

/**
 * Runs `file` (relative to the root) with `args` and doesn't come back: the process ends with the
 * exit code, or the signal, of what it ran. `dev` says whether development packages are needed.
 */
export async function launch(file, args, { dev }) {
  if (process.platform === "win32") {
    fail(
      "Millrace runs on Linux (glibc) and macOS, not on Windows",
      "use the Windows Subsystem for Linux (WSL 2)",
    );
  }
  if (!isPackage && !(await isInstalled(dev))) {
    refuseMusl();
    const { install } = await import("./install.js");
    await install(root, () => isInstalled(dev));
    if (!(await isInstalled(dev))) fail("npm ci left node_modules incomplete", "run: npm ci");
  }
  const entry = join(root, file);
  const node = findNode();
  // Stripped and compiled sources are kept (a third of the time to start); children inherit it.
  process.env.NODE_COMPILE_CACHE ??= isPackage
    ? join(tmpdir(), "node-compile-cache")
    : join(root, "node_modules", ".cache", "node");
  if (node === process.execPath && !isPackage) {
    process.argv.splice(1, process.argv.length - 1, entry, ...args);
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    await import(pathToFileURL(entry).href);
    return;
  }
  run(node, [...(isPackage ? stripFlags() : []), entry, ...args]);
}

/** Prints what is wrong and what to do, and ends the process. */
export function fail(message, hint) {
  console.error(`error: ${message}`);
  if (hint) console.error(`hint: ${hint}`);
  process.exit(1);
}

/** Whether `node_modules` holds what the lockfile asks for. A stamp makes the usual case quick. */
async function isInstalled(dev) {
  const lockfile = join(root, "package-lock.json");
  if (!existsSync(lockfile)) return existsSync(join(root, "node_modules"));
  const { createHash } = await import("node:crypto");
  const text = readFileSync(lockfile, "utf8");
  const digest = createHash("sha256").update(text).digest("hex");
  const stampFile = join(root, "node_modules", ".millrace-stamp");
  const wanted = [`${digest} all`, ...(dev ? [] : [`${digest} production`])];
  if (wanted.includes(readText(stampFile)) && findNode() !== undefined) return true;

  const installed = readText(join(root, "node_modules", ".package-lock.json"));
  if (installed === "" || findNode() === undefined) return false;
  const there = JSON.parse(installed).packages;
  const lacks = Object.entries(JSON.parse(text).packages).filter(
    ([path, wants]) => path !== "" && !wants.optional && there[path]?.version !== wants.version,
  );
  if (lacks.some(([, wants]) => dev || !wants.dev)) return false;
  writeFileSync(stampFile, `${digest} ${lacks.length === 0 ? "all" : "production"}`);
  return true;
}

/** The Node to run under: the one from npm, else our own if it is new enough, else none. */
function findNode() {
  const own = process.versions.node.split(".").map(Number);
  const isFit = own[0] === neededVersion[0] && own[1] >= neededVersion[1];
  if (isFit) return process.execPath;
  for (const folder of isPackage ? [root, dirname(root)] : [root]) {
    for (const path of ["node_modules/node/bin/node", "node/bin/node"]) {
      if (existsSync(join(folder, path))) return join(folder, path);
    }
  }
  return own[0] > neededVersion[0] ? process.execPath : undefined;
}

/** Node strips types only outside `node_modules`; as a package we bring a hook that does it. */
function stripFlags() {
  return ["--import", new URL("./strip-types.js", import.meta.url).href];
}

/** Runs Node as a child that has our terminal, gets our signals and doesn't outlive us. */
function run(node, args) {
  if (node === undefined) fail("the package `node` is not installed", "run: npm install");
  // The channel tells the child, by closing, that this process is gone (src/cli/parent.ts).
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // A terminal sends Ctrl-C to the child as well; passed on, it would count as pressed twice.
  const pass = (signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, pass);
  child.on("error", (error) => fail(`can't start ${node}: ${error.message}`, "run: npm ci"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // Where the signal doesn't end us (the shell ignores it for us, say), the code tells it.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

function refuseMusl() {
  if (process.platform !== "linux") return;
  if (process.report.getReport().header.glibcVersionRuntime === undefined) {
    fail(
      "Millrace needs a Linux with glibc: its warehouse has no build for musl (Alpine)",
      "use a Debian, Ubuntu or Fedora image, for example node:24-slim",
    );
  }
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
