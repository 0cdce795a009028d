import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../src/core/clock.ts";
import { MillraceError } from "../src/core/errors.ts";
import type { Part } from "./engine.ts";
import { childrenOf, identityOf, isRunning, type ProcessIdentity } from "./process-identity.ts";

const LOG_BYTES_MAX = 16 * 2 ** 20;
const ASK_AGAIN_MS = 100;
const READY_WITHIN_MS = 180_000;
const STOP_WITHIN_MS = 15_000;
const TAIL_LINES = 20;

/** Starts a part in a process group of its own, which outlives this process; its output goes to a file. */
export async function startPart(part: Part, logFile: string): Promise<ProcessIdentity> {
  await part.prepare?.();
  mkdirSync(dirname(logFile), { recursive: true });
  const logBytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (logBytes > LOG_BYTES_MAX) renameSync(logFile, `${logFile}.old`);
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(part.command, [...part.args], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, ...part.env },
    ...(part.cwd === undefined ? {} : { cwd: part.cwd }),
    ...part.user,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => {
        const message = `${part.name} can't be started: ${cause.message}`;
        reject(new MillraceError("ENGINE_FAILED", message, { cause }));
      });
    });
  } finally {
    closeSync(log);
  }
  child.unref();
  const identity = identityOf(child.pid!);
  if (identity === undefined) throw failure(part.name, "ended at once", logFile);
  return identity;
}

/** Waits until a started part answers a real request; `ENGINE_FAILED` when it ends before that. */
export async function untilReady(
  part: Part,
  identity: ProcessIdentity,
  logFile: string,
): Promise<void> {
  const deadline = systemClock.monotonicMs() + READY_WITHIN_MS;
  while (!(await part.ready().catch(() => false))) {
    if (!isRunning(identity)) throw failure(part.name, "ended while it was starting", logFile);
    if (systemClock.monotonicMs() > deadline) {
      throw failure(part.name, `didn't answer within ${READY_WITHIN_MS / 1000} s`, logFile);
    }
    await delay(ASK_AGAIN_MS);
  }
}

/** Ends a process and its group: by a signal that it may obey in time, then for good. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals = "SIGTERM",
  withinMs = STOP_WITHIN_MS,
): Promise<void> {
  if (signal !== "SIGKILL") {
    // To the program alone: it tells its children itself.
    send(identity, signal, identity.pid);
    if (await untilGone(identity, withinMs)) return;
  }
  // Some servers' children have left the group.
  const children = childrenOf(identity.pid);
  send(identity, "SIGKILL", -identity.pid);
  for (const child of children) send(child, "SIGKILL", child.pid);
  for (const one of [identity, ...children]) await untilGone(one, STOP_WITHIN_MS);
}

/** Ends a process and its group for good, without waiting. */
export const killNow = (identity: ProcessIdentity): void =>
  send(identity, "SIGKILL", -identity.pid);

function send(identity: ProcessIdentity, signal: NodeJS.Signals, target: number): void {
  try {
    if (isRunning(identity)) process.kill(target, signal);
  } catch {
    // It ended in this moment.
  }
}

async function untilGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = systemClock.monotonicMs() + withinMs;
  while (isRunning(identity)) {
    if (systemClock.monotonicMs() > deadline) return false;
    await delay(ASK_AGAIN_MS / 4);
  }
  return true;
}

function failure(name: string, what: string, logFile: string): MillraceError {
  const lines = existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n") : [];
  const tail = lines.slice(-TAIL_LINES).join("\n");
  return new MillraceError("ENGINE_FAILED", `${name} ${what}; it printed last:\n${tail}`, {
    hint: `the whole of it is in ${logFile}`,
  });
}
