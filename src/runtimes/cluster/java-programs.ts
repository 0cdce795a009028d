import { pathToFileURL } from "node:url";
import { flinkFunctionsJar } from "../../../engines/flink-functions.ts";
import { findJdk } from "../../../engines/jdk.ts";
import { streamsJar } from "../../../engines/streams-jar.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A program of ours that a Java runs. */
export interface JavaProgram {
  /** The `java` to run it with. */
  readonly java: string;
  /** That Java's feature release: 17, 21, 25. */
  readonly version: number;
  readonly jar: string;
}

const JAVA_LEAST = 17;

/**
 * The runner of Kafka Streams: the jar that is named, or else built by Maven where it isn't yet.
 * Throws `ENGINE_UNAVAILABLE` without Java, or Maven to build it with.
 */
export async function streamsProgram(
  env: Environment,
  tell: (text: string) => void,
  jar?: string,
): Promise<JavaProgram> {
  const { java, version } = await findJdk(env, JAVA_LEAST);
  return { java, version, jar: jar ?? (await streamsJar(env, tell)) };
}

/** The URL of the functions that Flink's SQL lacks, built where they aren't yet; likewise. */
export const flinkFunctions = async (
  env: Environment,
  tell: (text: string) => void,
): Promise<string> => pathToFileURL(await flinkFunctionsJar(env, tell)).href;
