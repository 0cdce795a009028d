import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Engine, FetchContext } from "./engine.ts";
import { mavenFiles } from "./fetch/maven.ts";
import { pipSource } from "./fetch/pip.ts";

const SOURCE = "pyspark==4.1.4";

/**
 * Spark as a library of programs: `bin/spark-sql` and `bin/spark-submit` run a job in a process of
 * its own (`--master local[2]`), so nothing stays running. Iceberg, S3 and Avro are among its jars.
 */
export const spark: Engine = {
  name: "spark",
  summary: "Apache Spark 4.1 with Iceberg and S3",
  needs: [],
  ports: [],
  fetch: fetchSpark,
  place: async (context) => {
    const { jdk, home } = await fetchSpark(context);
    return { parts: [], addresses: { spark: { home, javaHome: jdk.home } } };
  },
};

async function fetchSpark(context: FetchContext) {
  const jdk = await context.jdk(17, 21);
  return { jdk, home: await mavenFiles(context, "spark", addDistribution) };
}

/** Spark itself comes from PyPI, which keeps no modes: programs are made executable here. */
async function addDistribution(folder: string): Promise<void> {
  const jars = readdirSync(folder);
  const source = join(folder, "source");
  mkdirSync(source);
  const deps = join(await pipSource(source, SOURCE), "deps");
  for (const name of ["bin", "sbin", "jars", "licenses"]) {
    renameSync(join(deps, name), join(folder, name));
  }
  for (const jar of jars) renameSync(join(folder, jar), join(folder, "jars", jar));
  for (const programs of ["bin", "sbin"]) {
    for (const name of readdirSync(join(folder, programs))) {
      chmodSync(join(folder, programs, name), 0o755);
    }
  }
  rmSync(source, { recursive: true });
}
