import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { isPackage, ownCommand, ownPath } from "./own-path.ts";

const TEMPLATE = fileURLToPath(new URL("../../templates/project/", import.meta.url));

/** A file of a new project. */
export interface ProjectFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** All files of a new project in a folder. */
export function projectFiles(name: string, folder: string): readonly ProjectFile[] {
  const command = ownCommand(folder);
  const fill = (text: string): string =>
    text.replaceAll("{{name}}", name).replaceAll("{{command}}", command);
  const templates = readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  return [
    ...templates.map((path) => ({
      path: relative(TEMPLATE, path).split(sep).join("/"),
      text: fill(readFileSync(path, "utf8")),
    })),
    // npm leaves files of this name out of packages.
    { path: ".gitignore", text: "/data/\nnode_modules/\n" },
    { path: "tsconfig.json", text: tsconfig(folder) },
  ];
}

/** Editors find Millrace's types at this installation. */
function tsconfig(folder: string): string {
  const compilerOptions = {
    target: "es2024",
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    ...(!isPackage && { paths: { millrace: [ownPath("src/index.ts", folder)] } }),
  };
  return `${JSON.stringify({ compilerOptions, include: ["*.ts"] }, null, 2)}\n`;
}
