import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A process that was started, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, as the system says it; opaque. */
  readonly begun: string;
}

/** The identity of a running process; `undefined` when none has this number (or it only waits to be buried). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const begun = existsSync("/proc/self/stat") ? begunByProc(pid) : begunByPs(pid);
  return begun === undefined ? undefined : { pid, begun };
}

/** Whether exactly this process still runs. */
export const isRunning = ({ pid, begun }: ProcessIdentity): boolean =>
  identityOf(pid)?.begun === begun;

/** Resident bytes of a process; 0 when it doesn't run. */
export function residentBytes(pid: number): number {
  try {
    const text = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
    return Number(text.trim()) * 1024;
  } catch {
    return 0;
  }
}

/** The processes that a running process has started, and theirs. */
export function childrenOf(pid: number): readonly ProcessIdentity[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const pairs = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child!, ...below(child!)]);
  return below(pid).flatMap((child) => identityOf(child) ?? []);
}

/** Ticks since the machine's start, which count from zero again after the next: hence its id too. */
function begunByProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name may hold spaces and parentheses: fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A first thread that has ended waits for the others, which still hold sockets and files.
    const threads = Number(fields[17]);
    if ((fields[0] === "Z" && threads <= 1) || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function begunByPs(pid: number): string | undefined {
  try {
    const args = ["-o", "stat=,lstart=", "-p", String(pid)];
    const text = execFileSync("ps", args, { encoding: "utf8", env: { LC_ALL: "C" } }).trim();
    return text === "" || text.startsWith("Z") ? undefined : text.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
