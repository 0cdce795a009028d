import type { IncomingMessage } from "node:http";
import type { Clock } from "../core/clock.ts";
import { asMillraceError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { randomHex } from "../core/random.ts";
import type { Plan } from "../language/plan/nodes.ts";
import { cleanedCounts } from "./cleaned-counts.ts";
import { CollectorStats } from "./collector-stats.ts";
import { NO_LOOKUPS, type Lookups } from "./derive/lookups.ts";
import { doorProgram, type DoorProgram, type DoorTopic } from "./door-program.ts";
import type { CollectRequest, CollectResponse } from "./http/collect-request.ts";
import { corsHeaders, preflightHeaders } from "./http/cors.ts";
import { BodyBudget, BodyReader, type ReadBody } from "./http/read-body.ts";
import { WriteKeys, type WriteKeyStore } from "./keys/write-keys.ts";
import { release, STEPS, type LogAppender, type Passage } from "./passage.ts";
import { nativeProtocol } from "./protocols/native.ts";
import type { Protocol } from "./protocols/protocol.ts";
import { segmentProtocol } from "./protocols/segment/segment.ts";
import { StepTimer, type StepTimes } from "./step-timer.ts";

export interface CollectorOptions {
  readonly plan: Plan;
  /** The plan's topics with the numbers of their layouts in the log. */
  readonly topics: readonly DoorTopic[];
  readonly keys: WriteKeyStore;
  readonly writer: LogAppender;
  /** Keys the identity hash: eight random bytes of the data folder, always the same. */
  readonly secret: Uint8Array;
  readonly lookups?: Lookups;
  /** Whether tables whose rows come from a database are closed to clients. */
  readonly closesSourced?: boolean;
  readonly clock: Clock;
  readonly limits?: Partial<CollectorLimits>;
}

export interface CollectorLimits {
  readonly bodyBytesMax: number;
  readonly decompressedBytesMax: number;
  readonly bodiesBytesMax: number;
}

/** The door: everything between an HTTP request and an append to the log. */
export interface Collector {
  handles(method: string, path: string): boolean;
  handle(request: CollectRequest): Promise<CollectResponse>;
  /** Reads a message's body within the limits. */
  readBody(message: IncomingMessage): Promise<ReadBody>;
  /** The answer to a request that failed outside `handle`, as by `readBody`. */
  failure(request: CollectRequest, thrown: unknown): CollectResponse;
  /** Makes counts of refused bodies durable that no append has taken along. */
  flush(): Promise<void>;
  stats(): CollectorSnapshot;
  /** Takes another definition from the next request on. */
  reload(definition: Pick<CollectorOptions, "plan" | "topics">): void;
  /** Forgets remembered write keys: the store has changed. */
  forgetKeys(): void;
}

export interface CollectorSnapshot {
  readonly requests: Record<string, number>;
  readonly events: Record<string, number>;
  readonly rules: Record<string, number>;
  readonly steps: Record<string, StepTimes>;
  /** Values changed by cleaning, by `topic field`. */
  readonly cleaned: Record<string, number>;
  readonly bodiesBytes: number;
}

/** Opens a collector. */
export const createCollector = (options: CollectorOptions): Collector => new Door(options);

const PROTOCOLS: readonly Protocol[] = [nativeProtocol, segmentProtocol];

class Door implements Collector {
  readonly #options: CollectorOptions;
  readonly #limits: CollectorLimits;
  readonly #bodies: BodyReader;
  readonly #keys: WriteKeys;
  readonly #stats = new CollectorStats();
  readonly #steps: StepTimer;
  #program: DoorProgram;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#keys = new WriteKeys(options.keys);
    const budget = new BodyBudget(this.#limits.bodiesBytesMax);
    this.#bodies = new BodyReader(this.#limits.bodyBytesMax, budget);
    this.#steps = new StepTimer(STEPS, options.clock);
    this.#program = this.#compile(options);
  }

  #compile({ plan, topics }: Pick<CollectorOptions, "plan" | "topics">): DoorProgram {
    const { secret, lookups = NO_LOOKUPS, closesSourced = false } = this.#options;
    const makeId = (): string => randomHex(16);
    return doorProgram({ plan, topics, secret, lookups, makeId, closesSourced });
  }

  reload(definition: Pick<CollectorOptions, "plan" | "topics">): void {
    this.#program = this.#compile(definition);
  }

  forgetKeys(): void {
    this.#keys.forget();
  }

  handles(method: string, path: string): boolean {
    return protocolOf(method, path) !== undefined;
  }

  readBody(message: IncomingMessage): Promise<ReadBody> {
    return this.#bodies.read(message);
  }

  failure(request: CollectRequest, thrown: unknown): CollectResponse {
    const protocol = protocolOf(request.method, request.path) ?? nativeProtocol;
    return this.#failed(protocol, request, undefined, thrown);
  }

  async handle(request: CollectRequest): Promise<CollectResponse> {
    try {
      const protocol = protocolOf(request.method, request.path);
      if (protocol === undefined) return this.failure(request, new Error("no such path"));
      if (request.method === "OPTIONS") {
        return { status: 204, headers: preflightHeaders(request), body: "" };
      }
      const response = protocol.immediate?.(request) ?? (await this.#collect(protocol, request));
      return { ...response, headers: { ...corsHeaders(request), ...response.headers } };
    } finally {
      request.release?.();
    }
  }

  async #collect(protocol: Protocol, request: CollectRequest): Promise<CollectResponse> {
    const passage: Passage = {
      context: {
        program: this.#program,
        keys: this.#keys,
        writer: this.#options.writer,
        decompressedBytesMax: this.#limits.decompressedBytesMax,
      },
      protocol,
      request,
      nowMs: this.#options.clock.nowMs(),
      counts: this.#stats,
    };
    try {
      await this.#steps.run(passage);
      const answer = passage.answer!;
      this.#stats.events(protocol.name, answer.tally);
      this.#stats.rules(passage.batch!.ruleCounts);
      const response = protocol.answer(request, answer);
      this.#stats.request(protocol.name, response.status);
      return response;
    } catch (thrown) {
      return this.#failed(protocol, request, passage, thrown);
    } finally {
      release(passage);
    }
  }

  #failed(
    protocol: Protocol,
    request: CollectRequest,
    passage: Passage | undefined,
    thrown: unknown,
  ): CollectResponse {
    const error = asMillraceError(thrown);
    const isOurs = error.status >= 500 || error.status === 429;
    if (!isOurs) {
      const topic = passage?.decoded?.topic ?? this.#program.events[0]?.name ?? "";
      this.#stats.refuse(topic, error.code, protocol.name);
    }
    const response = protocol.failure(request, error);
    this.#stats.request(protocol.name, response.status);
    return { ...response, headers: { ...corsHeaders(request), ...response.headers } };
  }

  async flush(): Promise<void> {
    const counts = this.#stats.takePending();
    if (counts.length === 0) return;
    try {
      await this.#options.writer.append({ sets: [], counts });
    } catch (error) {
      this.#stats.putBack(counts);
      throw error;
    }
  }

  stats(): CollectorSnapshot {
    const cleaned = cleanedCounts(this.#program);
    const steps = this.#steps.times();
    return { ...this.#stats.snapshot(), steps, cleaned, bodiesBytes: this.#bodies.budget.used };
  }
}

/** The protocol that a request speaks; for a preflight, that of the request to come. */
function protocolOf(method: string, path: string): Protocol | undefined {
  const methods = method === "OPTIONS" ? ["POST", "PUT", "GET"] : [method];
  return PROTOCOLS.find((protocol) => methods.some((each) => protocol.handles(each, path)));
}
