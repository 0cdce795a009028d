/** What a traced process did, as far as it has to do with what is durable. */
export type SystemCall =
  | { readonly kind: "created"; readonly path: string }
  | { readonly kind: "wrote"; readonly path: string; readonly text: string }
  | { readonly kind: "renamed"; readonly path: string; readonly to: string }
  | { readonly kind: "syncBegan" | "syncEnded"; readonly path: string; readonly thread: string };

/** What `strace` has to trace for it. */
export const TRACED =
  "openat,mkdir,mkdirat,write,writev,pwrite64,sendto,fsync,fdatasync,rename,renameat,renameat2";

const NAME = String.raw`"((?:[^"\\]|\\.)*)"`;
const CREATES = new RegExp(
  String.raw`^(?:openat\([^,]*, ${NAME}, [^)]*O_CREAT|mkdir(?:at)?\((?:[^",]*, )?${NAME})`,
);
const WRITES = /^(?:write|writev|pwrite64|sendto)\(\d+<([^>]*)>(.*)$/;
const SYNCS = /^f(?:data)?sync\(\d+<([^>]*)>/;
const RENAMES = new RegExp(
  String.raw`^rename(?:at2?)?\((?:[^",]*, )?${NAME}, (?:[^",]*, )?${NAME}`,
);
const RESUMED_SYNC = /^<\.\.\. f(?:data)?sync resumed>/;

/**
 * The calls of a trace made with `strace -f -y`. A call that is cut in two by another thread's counts
 * from its begin, a sync also at its end.
 */
export function* systemCalls(lines: Iterable<string>): Generator<SystemCall> {
  const syncing = new Map<string, string>();
  for (const line of lines) {
    const [, thread = "", call = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const write = WRITES.exec(call);
    const sync = SYNCS.exec(call);
    const rename = RENAMES.exec(call);
    const create = CREATES.exec(call);
    if (write !== null) yield { kind: "wrote", path: write[1]!, text: write[2]! };
    else if (rename !== null) yield { kind: "renamed", path: rename[1]!, to: rename[2]! };
    else if (create !== null) yield { kind: "created", path: (create[1] ?? create[2])! };
    else if (sync !== null) {
      const path = sync[1]!;
      yield { kind: "syncBegan", path, thread };
      if (call.endsWith("= 0")) yield { kind: "syncEnded", path, thread };
      else syncing.set(thread, path);
    } else if (RESUMED_SYNC.test(call)) {
      const path = syncing.get(thread);
      syncing.delete(thread);
      if (path !== undefined && call.endsWith("= 0")) yield { kind: "syncEnded", path, thread };
    }
  }
}
