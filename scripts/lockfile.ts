/** What of `package-lock.json` is looked at here. */
export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const SYSTEMS = /\b(darwin|linux|win32|freebsd|android|openharmony|sunos|aix)\b/;
const PROCESSORS = /\b(arm64|x64|arm|ia32|ppc64|riscv64|s390x|loong64)\b/;

/**
 * Builds for other platforms that a package names but the lockfile lacks, as entries to add.
 *
 * npm drops them when it can't fetch them while it writes the lockfile (a mirror that lacks them,
 * npm/cli#4828), and then `npm ci` refuses the lockfile. Their versions are exact in the package that
 * names them, and their names tell the platform; only the checksum is missing, which npm fills in.
 */
export function missingBuilds(lockfile: Lockfile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const parent of Object.values(lockfile.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      const system = SYSTEMS.exec(name)?.[0];
      const processor = PROCESSORS.exec(name)?.[0];
      if (lockfile.packages[path] !== undefined || !/^\d[\w.+-]*$/.test(version)) continue;
      if (system === undefined || processor === undefined) continue;
      const libc = /\bmusl/.test(name) ? "musl" : /\bgnu/.test(name) ? "glibc" : undefined;
      missing[path] = {
        version,
        cpu: [processor],
        ...(parent.dev === true ? { dev: true } : {}),
        ...(system === "linux" && libc !== undefined ? { libc: [libc] } : {}),
        optional: true,
        os: [system],
      };
    }
  }
  return missing;
}
