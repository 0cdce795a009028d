/**
 * Who may import whom. Before changing this table, think: a new arrow is a decision about the
 * system, and belongs in `decisions/`.
 *
 *   cli → runtimes → govern, serve, process, ingest → storage (ports only) → language → core
 *   inside language: define, compile → plan → schema
 */

/** Which of Node's own modules a layer may import. */
export type NodeModules = "none" | "pure" | "any";

/** A folder (or file) of `src` and what it may import beside itself. */
export interface Layer {
  readonly path: string;
  /** Prefixes of paths under `src/`. */
  readonly mayImport: readonly string[];
  readonly node: NodeModules;
  /** Whether third-party packages may be imported at all. */
  readonly packages: boolean;
}

/** Modules of Node that do no I/O. */
export const PURE_NODE_MODULES = [
  "node:assert",
  "node:assert/strict",
  "node:buffer",
  "node:crypto",
  "node:events",
  "node:util",
  "node:zlib",
];

const language = ["language/", "core/"];
const below = ["storage/", ...language];
const pure = { node: "none", packages: false } as const;
const impure = { node: "any", packages: true } as const;

/** The longest `path` that a file begins with is its layer. */
export const LAYERS: readonly Layer[] = [
  { path: "core/", mayImport: [], node: "pure", packages: false },
  { path: "language/schema/", mayImport: ["core/"], ...pure },
  { path: "language/plan/", mayImport: ["language/schema/", "core/"], ...pure },
  {
    path: "language/define/",
    mayImport: ["language/plan/", "language/schema/", "core/"],
    ...pure,
  },
  {
    path: "language/compile/",
    mayImport: ["language/plan/", "language/schema/", "core/"],
    ...pure,
  },
  { path: "language/", mayImport: language, ...pure },
  { path: "storage/", mayImport: language, ...impure },
  { path: "ingest/", mayImport: below, ...impure },
  {
    path: "process/operators/",
    mayImport: ["language/plan/", "language/schema/", "language/compile/javascript/", "core/"],
    ...pure,
  },
  { path: "process/", mayImport: ["process/operators/", ...below], ...impure },
  { path: "serve/", mayImport: below, ...impure },
  { path: "govern/", mayImport: below, ...impure },
  {
    path: "runtimes/",
    mayImport: ["govern/", "serve/", "process/", "ingest/", ...below],
    ...impure,
  },
  {
    path: "cli/",
    mayImport: ["runtimes/", "govern/", "serve/", "process/", "ingest/", ...below],
    ...impure,
  },
  { path: "index.ts", mayImport: language, ...pure },
  {
    path: "testing.ts",
    mayImport: ["runtimes/", "serve/", "process/", "ingest/", ...below],
    ...impure,
  },
];

/** Folders of adapters; only `runtimes` (and the adapters themselves) may import from them. */
export const ADAPTERS =
  /^storage\/[^/]+\/(embedded|kafka|confluent|cluster|s3|hdfs|memory|redis|remote-write)\//;

/** An arrow that the table forbids, allowed once, with the reason. */
export interface Exception {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export const IMPORT_EXCEPTIONS: readonly Exception[] = [
  {
    from: "cli/commands/demo.ts",
    to: "../simulation/shop-traffic.ts",
    reason: "the demo is the one command that makes traffic; nothing else of the product may",
  },
  {
    from: "cli/commands/cluster.ts",
    to: "../engines/cluster.ts",
    reason: "the one command that runs others' servers; the product only knows their addresses",
  },
  {
    from: "cli/commands/cluster.ts",
    to: "../engines/engine.ts",
    reason: "the names of those servers",
  },
  ...["jdk", "streams-jar", "flink-functions"].map((file) => ({
    from: "runtimes/cluster/java-programs.ts",
    to: `../engines/${file}.ts`,
    reason: "our own Java programs, built by what fetches engines where no jar is named",
  })),
];

/** A package that more than one file of `src` imports, with the reason. */
export const PACKAGE_EXCEPTIONS: Readonly<Record<string, string>> = {
  "@platformatic/kafka": "a client and a member of a group: two files of one adapter",
};

/** Files outside `core` and `cli` that may read the machine's clock or chance, with the reason. */
export const CLOCK_EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Files of `src` that nothing imports because something else than an import starts them. */
export const ENTRY_FILES: readonly RegExp[] = [
  /^src\/index\.ts$/,
  /^src\/testing\.ts$/,
  /^src\/cli\/main\.ts$/,
  /^src\/cli\/commands\/[a-z-]+\.ts$/,
  // Types of a package that has none of its own.
  /\.d\.ts$/,
];
