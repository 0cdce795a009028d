import { processTree } from "../machine/process-tree.ts";

/** CPU time of a Java process since its start, ms. */
export interface JavaCpu {
  readonly workMs: number;
  /** Of the threads that compile what is hot. */
  readonly compilingMs: number;
}

/** How Linux calls them: names are cut off there. */
const COMPILER = /^C[12] CompilerThre/;

export function javaCpu(pid: number): JavaCpu {
  let allUs = 0;
  let compilingUs = 0;
  for (const { cpuUs, threads } of processTree(pid)) {
    allUs += cpuUs;
    for (const [name, us] of Object.entries(threads)) if (COMPILER.test(name)) compilingUs += us;
  }
  return { workMs: (allUs - compilingUs) / 1_000, compilingMs: compilingUs / 1_000 };
}

export const cpuSince = (before: JavaCpu, now: JavaCpu): JavaCpu => ({
  workMs: now.workMs - before.workMs,
  compilingMs: now.compilingMs - before.compilingMs,
});
