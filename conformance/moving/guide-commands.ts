import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { MILLRACE } from "../../src/runtimes/embedded/running.fixture.ts";

/** A command of a guide that runs. */
export interface Started {
  readonly process: ChildProcess;
  /** What it has printed so far, both streams. */
  said(): string;
  /** Resolves when it has printed this; rejects when it ends before. */
  untilSaid(words: RegExp): Promise<void>;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** The commands that a guide shows, run as it shows them but for their places. */
export class GuideCommands {
  readonly #guide: string;
  readonly #places: Readonly<Record<string, string>>;
  readonly #env: NodeJS.ProcessEnv;

  constructor(file: URL, places: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv) {
    this.#guide = readFileSync(file, "utf8");
    this.#places = places;
    this.#env = { ...process.env, ...env };
  }

  /** The arguments of the commands of a section that have these words in them. */
  of(section: string, words = ""): readonly (readonly string[])[] {
    const text = this.#guide.split(/^## /m).find((each) => each.startsWith(`${section}\n`));
    if (text === undefined) throw new Error(`the guide has no section ${section}`);
    const lines = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) =>
      block!.split("\n"),
    );
    const found = lines
      .map((line) => line.replace(/#.*/, "").replace(/&\s*$/, "").trim())
      .filter((line) => line.startsWith("./bin/millrace.js ") && line.includes(words))
      .map((line) =>
        line
          .split(/\s+/)
          .slice(1)
          .map((word) => this.#places[word] ?? word),
      );
    if (found.length === 0) throw new Error(`section ${section} shows no command ${words}`);
    return found;
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
    const child = spawn(process.execPath, [MILLRACE, ...args], {
      env: { ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    const add = (more: string): void => void (text += more);
    child.stdout.setEncoding("utf8").on("data", add);
    child.stderr.setEncoding("utf8").on("data", add);
    const ended = once(child, "close").then(([code]) => code as number | null);
    return {
      process: child,
      said: () => text,
      ended,
      untilSaid: async (words) => {
        let isOver = false;
        void ended.then(() => (isOver = true));
        while (!words.test(text)) {
          if (isOver) throw new Error(`${args.join(" ")} ended:\n${text}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
    };
  }

  /** Runs a command to its end; gives what it printed. */
  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const started = this.start(args, env);
    const code = await started.ended;
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${started.said()}`);
    return started.said();
  }
}
