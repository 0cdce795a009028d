import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../../core/errors.ts";
import type { ConnectorConfig } from "./debezium-config.ts";

/** How a connector stands. */
export interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly trace?: string };
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

/** Connect answers 409 while its workers share the connectors out anew. */
const BUSY = 409;
const BUSY_MS = 500;
const BUSY_TRIES_MAX = 120;
const POLL_MS = 300;
/** A snapshot's slot waits for transactions that are open. */
const START_TRIES_MAX = 300;

/**
 * Kafka Connect, by its REST API. Errors: `CONNECT_UNAVAILABLE`, and `CONNECTOR_FAILED` with
 * Connect's own words.
 */
export class ConnectClient {
  readonly #url: string;

  constructor({ url }: { readonly url: string }) {
    this.#url = url.replace(/\/$/, "");
  }

  names(): Promise<readonly string[]> {
    return this.#ask<readonly string[]>("GET", "/connectors");
  }

  /** The settings that a connector has; none: there is no such connector. */
  config(name: string): Promise<ConnectorConfig | undefined> {
    return this.#find<ConnectorConfig>("GET", `${path(name)}/config`);
  }

  status(name: string): Promise<ConnectorStatus | undefined> {
    return this.#find<ConnectorStatus>("GET", `${path(name)}/status`);
  }

  /** Makes a connector, or gives it other settings. */
  async put(name: string, config: ConnectorConfig): Promise<void> {
    await this.#ask("PUT", `${path(name)}/config`, config);
  }

  /** Starts what failed of a connector anew. */
  async restartFailed(name: string): Promise<void> {
    await this.#ask("POST", `${path(name)}/restart?includeTasks=true&onlyFailed=true`);
  }

  /** Resolves when a connector and its tasks run; rejects with the first line of what failed. */
  async running(name: string): Promise<void> {
    for (let tries = 0; tries < START_TRIES_MAX; tries++) {
      const status = await this.status(name);
      if (status !== undefined) {
        const trace = failureOf(status);
        if (trace !== undefined) throw failed(name, trace);
        const { connector, tasks } = status;
        const states = [connector, ...tasks].map(({ state }) => state);
        if (tasks.length > 0 && states.every((state) => state === "RUNNING")) return;
      }
      await sleep(POLL_MS);
    }
    throw failed(name, "it doesn't start; the workers' logs say more");
  }

  /** Removes a stopped connector, and what Connect remembers of how far it had read. */
  async remove(name: string): Promise<void> {
    await this.#ask("DELETE", `${path(name)}/offsets`);
    await this.#ask("DELETE", path(name));
  }

  async resume(name: string): Promise<void> {
    await this.#ask("PUT", `${path(name)}/resume`);
  }

  /** Ends a connector's tasks; resolves when they have ended. */
  async stop(name: string): Promise<void> {
    await this.#ask("PUT", `${path(name)}/stop`);
    for (let tries = 0; tries < START_TRIES_MAX; tries++) {
      const status = await this.status(name);
      if (status?.connector.state === "STOPPED" && status.tasks.length === 0) return;
      await sleep(POLL_MS);
    }
    throw failed(name, "it doesn't stop; the workers' logs say more");
  }

  async #find<Answer>(method: string, to: string): Promise<Answer | undefined> {
    const { status, text } = await this.#call(method, to);
    return status === 404 ? undefined : (this.#read(status, text, to) as Answer);
  }

  async #ask<Answer>(method: string, to: string, body?: object): Promise<Answer> {
    const { status, text } = await this.#call(method, to, body);
    return this.#read(status, text, to) as Answer;
  }

  #read(status: number, text: string, to: string): unknown {
    const answer = parsed(text);
    if (status < 300) return answer;
    const words = (answer as { readonly message?: string } | undefined)?.message ?? text;
    if (status >= 500) throw this.#unavailable(`${status}: ${words}`);
    throw failed(nameIn(to), words);
  }

  async #call(
    method: string,
    to: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly text: string }> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#fetch(method, to, body);
      if (answer.status !== BUSY) return answer;
      if (tries === BUSY_TRIES_MAX) throw this.#unavailable(answer.text);
      await sleep(BUSY_MS);
    }
  }

  async #fetch(method: string, to: string, body?: object) {
    try {
      const answer = await fetch(this.#url + to, {
        method,
        ...(body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      return { status: answer.status, text: await answer.text() };
    } catch (cause) {
      throw this.#unavailable("no answer", cause);
    }
  }

  #unavailable(words: string, cause?: unknown): MillraceError {
    return new MillraceError("CONNECT_UNAVAILABLE", `Kafka Connect at ${this.#url}: ${words}`, {
      hint: "check that a worker runs, and its address in the cluster's file",
      cause,
    });
  }
}

/** The first line of what went wrong with a connector; none: nothing did. */
export function failureOf({ connector, tasks }: ConnectorStatus): string | undefined {
  const broken = [connector, ...tasks].find(({ state }) => state === "FAILED");
  return broken === undefined ? undefined : causeIn(broken.trace ?? "it doesn't say why");
}

/** A trace's first line, and that of its innermost cause, which says what to mend. */
function causeIn(trace: string): string {
  const lines = trace.split("\n");
  const cause = lines.findLast((line) => line.startsWith("Caused by: "));
  return [lines[0]!, ...(cause === undefined ? [] : [cause])].join("; ");
}

const failed = (name: string, words: string): MillraceError =>
  new MillraceError("CONNECTOR_FAILED", `Kafka Connect, ${name}: ${words}`, {
    hint: "mend what it says and deploy again",
  });

const path = (name: string): string => `/connectors/${encodeURIComponent(name)}`;

const nameIn = (to: string): string => decodeURIComponent(to.split("/")[2] ?? to);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
