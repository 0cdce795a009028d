import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What one process has used. */
export interface ProcessUsage {
  readonly pid: number;
  readonly residentBytes: number;
  /** CPU microseconds since its start, its threads' that have ended included. */
  readonly cpuUs: number;
  /** CPU microseconds by thread name; empty where the system doesn't tell. */
  readonly threads: Readonly<Record<string, number>>;
}

/** What a process and all below it use now, from `/proc`; where there is none, from `ps`. */
export function processTree(root: number): readonly ProcessUsage[] {
  return process.platform === "linux" ? treeFromProc(root) : treeFromPs(root);
}

const PAGE_BYTES = 4_096;
/** Linux tells CPU time in hundredths of a second. */
const TICK_US = 10_000;

function treeFromProc(root: number): ProcessUsage[] {
  const usage = read(() => procUsage(root));
  if (usage === undefined) return [];
  const children = readdirSync(`/proc/${root}/task`).flatMap((thread) =>
    (read(() => readFileSync(`/proc/${root}/task/${thread}/children`, "utf8")) ?? "")
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  );
  return [usage, ...children.flatMap(treeFromProc)];
}

function procUsage(pid: number): ProcessUsage {
  const [, resident] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  const threads: Record<string, number> = {};
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = read(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
    if (text === undefined) continue;
    const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    // The first thread is the one with the process's number, whatever it is called.
    const label = Number(thread) === pid ? "first thread" : `${name} threads`;
    threads[label] = (threads[label] ?? 0) + cpuOf(text);
  }
  return {
    pid,
    residentBytes: Number(resident) * PAGE_BYTES,
    cpuUs: cpuOf(readFileSync(`/proc/${pid}/stat`, "utf8")),
    threads,
  };
}

/** User and system time: fields 14 and 15, counted after the name, which may hold spaces. */
function cpuOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** A process or thread may end while it is looked at. */
function read<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function treeFromPs(root: number): ProcessUsage[] {
  const lines = execFileSync("ps", ["-axo", "pid=,ppid=,rss=,time="], { encoding: "utf8" });
  const all = lines
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, rss, time]) => ({
      pid: Number(pid),
      parent: Number(parent),
      residentBytes: Number(rss) * 1_024,
      cpuUs: secondsOf(time ?? "0") * 1e6,
      threads: {},
    }));
  const below = (pid: number): ProcessUsage[] =>
    all.filter((each) => each.parent === pid).flatMap((each) => [each, ...below(each.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

/** `MM:SS.hh`, with hours or days before it. */
const secondsOf = (time: string): number =>
  time
    .replace("-", ":")
    .split(":")
    .reduce((sum, part) => sum * 60 + Number(part), 0);

/** Samples the resident memory of a process tree; gives the greatest sum that was seen. */
export function watchMemory(root: number, everyMs = 200): { stop: () => number } {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, residentBytes(processTree(root)));
  };
  look();
  const timer = setInterval(look, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

/**
 * Bytes that a process tree takes of the machine's memory: what several processes share, such as
 * the pages of Node itself, is counted once (Linux; elsewhere as often as it is mapped). It is too
 * slow to be sampled: the peak is the sum of what each has, which is more.
 */
export function ownBytes(root: number): number {
  const tree = processTree(root);
  const shares = tree.map(({ pid }) =>
    read(() => {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1_024;
    }),
  );
  return shares.reduce<number>(
    (sum, share, index) => sum + (share ?? tree[index]!.residentBytes),
    0,
  );
}

const residentBytes = (tree: readonly ProcessUsage[]): number =>
  tree.reduce((sum, each) => sum + each.residentBytes, 0);
