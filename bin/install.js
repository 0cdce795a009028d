// `npm ci` with a line that says how far it is. Used only by bootstrap.js.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { createHash } from "node:crypto";
import { delimiter, join } from "node:path";
import { fail } from "./bootstrap.js";

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/** Installs the lockfile's packages into `root`; ends the process with a hint when it can't. */
export async function install(root, isInstalled) {
  const { release, hasWaited } = await lock(root);
  if (hasWaited && (await isInstalled())) return release();
  const total = countPackages(root);
  const state = { fetched: new Set(), errors: [], started: process.hrtime.bigint(), total };
  const stop = showProgress(state);
  const code = await runNpm(root, state);
  stop(code === 0);
  release();
  if (code !== 0) fail(`npm ci failed (exit code ${code})\n${errorLines(state)}`, hintFor(state));
}

function runNpm(root, state) {
  const flags = ["--no-audit", "--no-fund", "--loglevel=http", "--no-progress"];
  const npm = spawn("npm", ["ci", "--include=dev", ...flags], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: pathWithoutOurs(root), npm_config_update_notifier: "false" },
  });
  let rest = "";
  npm.stderr.setEncoding("utf8");
  npm.stderr.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) note(state, line);
  });
  return new Promise((resolve) => {
    npm.on("error", (error) => {
      note(state, error.code === "ENOENT" ? "npm error ENOENT npm" : `npm error ${error.message}`);
      resolve(127);
    });
    npm.on("close", (code) => resolve(code ?? 1));
  });
}

function note(state, line) {
  const tarball = /^npm http (?:fetch|cache) .*?([^/\s]+\.tgz)/.exec(line)?.[1];
  if (tarball !== undefined) state.fetched.add(tarball);
  else if (/^npm (error|ERR!)/.test(line) && state.errors.length < 40) state.errors.push(line);
}

/** `.bin` may hold the Node that is being replaced: npm must run under the one outside. */
function pathWithoutOurs(root) {
  const ours = join(root, "node_modules", ".bin");
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== ours)
    .join(delimiter);
}

function showProgress(state) {
  const isTty = process.stderr.isTTY === true;
  const seconds = () => Number((process.hrtime.bigint() - state.started) / 1_000_000_000n);
  const doing = () =>
    state.fetched.size === 0
      ? "reading the lockfile"
      : `${Math.min(state.fetched.size, state.total)} of ${state.total} packages fetched`;
  process.stderr.write("Installing what Millrace needs (npm ci), once for this clone.\n");
  let ticks = 0;
  let shown = "";
  const timer = setInterval(
    () => {
      ticks += 1;
      const line = `  ${seconds()} s: ${doing()}`;
      if (isTty) process.stderr.write(`\r\x1b[K${frames[ticks % frames.length]}${line}`);
      else if (line !== shown) process.stderr.write(`${line}\n`);
      shown = line;
    },
    isTty ? 100 : 3_000,
  );
  return (isGood) => {
    clearInterval(timer);
    if (isTty) process.stderr.write("\r\x1b[K");
    process.stderr.write(isGood ? `Installed in ${seconds()} s.\n` : "");
  };
}

/** Packages of the lockfile that this platform gets. */
function countPackages(root) {
  const packages = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const suits = (list, value) => list === undefined || list.includes(value);
  return Object.entries(packages).filter(
    ([path, entry]) =>
      path !== "" &&
      suits(entry.os, process.platform) &&
      suits(entry.cpu, process.arch) &&
      suits(entry.libc, "glibc"),
  ).length;
}

const errorLines = (state) =>
  state.errors
    .filter((line) => !/^npm (error|ERR!)\s*$|complete log of this run/.test(line))
    .slice(0, 8)
    .map((line) => `  ${line}`)
    .join("\n");

function hintFor(state) {
  const text = state.errors.join("\n");
  if (/ENOENT npm/.test(text)) return "npm was not found on PATH; it comes with Node";
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(text)) {
    return "the package registry can't be reached: check the network, the proxy and `npm config get registry`, then try again";
  }
  if (/EUSAGE/.test(text)) {
    return "package-lock.json doesn't agree with package.json: after adding a package run `npm install` and `npx node scripts/complete-lockfile.ts`";
  }
  if (/ENOSPC/.test(text)) return "the disk is full; about 1.5 GB are needed";
  if (/EACCES|EPERM|EROFS/.test(text)) return "this folder can't be written to; check its owner";
  return "run `npm ci` in the clone to see all of its output";
}

/** One installer at a time: a second one waits until the first is done or dead. */
async function lock(root) {
  const folder = join(tmpdir(), "millrace-install");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, createHash("sha256").update(root).digest("hex").slice(0, 16));
  for (let hasWaited = false; ; hasWaited = true) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      const release = () => rmSync(path, { force: true });
      process.on("exit", release);
      return { release, hasWaited };
    } catch (error) {
      if (error.code !== "EEXIST") return { release: () => {}, hasWaited };
      if (!isAlive(path)) rmSync(path, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function isAlive(path) {
  try {
    process.kill(Number(readFileSync(path, "utf8")) || 0, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
