import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../../core/clock.ts";
import { asMillraceError, ERROR_CODES, MillraceError } from "../../../core/errors.ts";
import { ReceivedSlices } from "../../../process/mirror/received-slices.ts";
import { openEmbeddedLakeReader } from "../../../storage/lake/embedded/embedded-lake-reader.ts";
import { openEmbeddedLogReader } from "../../../storage/log/embedded/embedded-log-reader.ts";
import { lockFolder, type FolderLock } from "../../../storage/log/embedded/folder-lock.ts";
import { RawRecords } from "../../../storage/log/kafka/raw-records.ts";
import { topicNames } from "../../../storage/log/kafka/topic-names.ts";
import type { DataFolder } from "../../embedded/data-folder.ts";
import { LayoutStore } from "../../embedded/layout-store.ts";
import type { ClusterParts } from "../cluster-parts.ts";
import { MirrorMarks, putMark, type MirrorMark } from "./mirror-mark.ts";
import { openHistory, type OpenHistory } from "./open-history.ts";
import { TopicMirror } from "./topic-mirror.ts";

export interface MirrorToClusterOptions {
  readonly parts: ClusterParts;
  /** The embedded pipeline's; nothing in it is changed. */
  readonly folder: DataFolder;
  readonly clock: Clock;
  /** Ends when the pipeline has been stopped and nothing of it is left; otherwise only by `signal`. */
  readonly untilStopped: boolean;
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
  readonly onProblem: (text: string) => void;
}

/** What a mirror has done, in all its runs. */
export type MirrorReport = Pick<MirrorMark, "events" | "throughMs" | "isClosed">;

const IDLE_MS = 200;
const MARK_EVERY_MS = 1_000;
const RETRY_MS = 1_000;
const TELL_EVERY_MS = 5_000;
const QUIET_MS = 10_000;
const FIRST: MirrorMark = { throughMs: 0, positions: [], events: 0, isClosed: false };

/**
 * Brings an embedded pipeline's events to a cluster's raw topics: first what it has, then what it
 * goes on to receive. Where it is, is a mark in the cluster, behind what it has sent.
 */
export async function mirrorToCluster(options: MirrorToClusterOptions): Promise<MirrorReport> {
  const { parts, folder } = options;
  const names = topicNames(parts.config.prefix);
  const begun = await beginning(options);
  const log = openEmbeddedLogReader(folder.root);
  const layouts = new LayoutStore(folder.layouts);
  let opening: Promise<OpenHistory> | undefined;
  const history = async () => {
    opening ??= openHistory(openEmbeddedLakeReader(folder.lake, options.clock));
    return (await opening).history;
  };
  const raw = parts.topics.flatMap(({ topic, rawSchemaId: schemaId, partitions }) =>
    schemaId === undefined ? [] : [{ topic, schemaId, partitions }],
  );
  const records = new RawRecords(names, raw);
  const topics = raw.map(({ topic }) => {
    const positions = begun.positions.filter((each) => each.topic === topic.name);
    const layoutOf = (layoutId: number) => layouts.layoutOf(layoutId);
    const slices = new ReceivedSlices({ topic, log, history, layoutOf, positions });
    const { client } = parts;
    const { throughMs } = begun;
    return new TopicMirror({ topic, slices, records, client, positions, throughMs });
  });
  const mirror = new Mirror(options, topics, begun);
  try {
    return await mirror.run();
  } finally {
    log.close();
    await (await opening)?.close();
  }
}

/**
 * Where to go on. A first mark is there before the first event: collectors wait from then on. The
 * raw topics must be empty then, since windows close by received time.
 */
async function beginning({ parts }: MirrorToClusterOptions): Promise<MirrorMark> {
  const { client, config, topics } = parts;
  const names = topicNames(config.prefix);
  const marks = new MirrorMarks(client, names.mirror);
  const mark = await marks.read().finally(() => marks.close());
  if (mark?.isClosed === true) {
    throw new MillraceError("CONFIG_INVALID", "this cluster's mirror has ended for good", {
      hint: "its pipeline was stopped and nothing was left; another one needs a prefix of its own",
    });
  }
  if (mark !== undefined) return mark;
  const raw = topics.filter(({ rawSchemaId }) => rawSchemaId !== undefined);
  const ends = await client.ends(raw.map(({ topic }) => names.raw(topic.name)));
  const used = ends.find(({ end }) => end > 0);
  if (used !== undefined) {
    throw new MillraceError("CONFIG_INVALID", `${used.topic} has events already`, {
      field: "prefix",
      hint: "start the mirror before any collector: deploy under another prefix",
    });
  }
  await putMark(client, names.mirror, FIRST);
  return FIRST;
}

class Mirror {
  readonly #options: MirrorToClusterOptions;
  readonly #topics: readonly TopicMirror[];
  readonly #marks: string;
  #events: number;
  #markedMs = 0;
  #toldMs: number;
  #wasThere = false;
  #lastEventMs: number;
  #wasQuiet = false;

  constructor(options: MirrorToClusterOptions, topics: readonly TopicMirror[], begun: MirrorMark) {
    this.#options = options;
    this.#topics = topics;
    this.#marks = topicNames(options.parts.config.prefix).mirror;
    this.#events = begun.events;
    this.#toldMs = options.clock.monotonicMs();
    this.#lastEventMs = this.#toldMs;
  }

  async run(): Promise<MirrorReport> {
    const { signal, untilStopped, folder, onProblem } = this.#options;
    let lock: FolderLock | undefined;
    try {
      while (!signal.aborted) {
        // Nobody can write any more once it is ours: what is read after that is the end.
        if (untilStopped) lock ??= freeLock(`${folder.root}/log`);
        const isEnd = lock !== undefined;
        try {
          if (!(await this.#round())) continue;
          if (isEnd) return await this.#close();
          await sleep(IDLE_MS, undefined, { signal }).catch(() => undefined);
        } catch (thrown) {
          const error = asMillraceError(thrown);
          // What is away comes back; anything else stays as it is.
          if (ERROR_CODES[error.code].status !== 503) throw error;
          onProblem(error.message);
          await sleep(RETRY_MS);
        }
      }
      return await this.#mark(false);
    } finally {
      lock?.release();
    }
  }

  /** A slice of each topic; true when that was all there was. */
  async #round(): Promise<boolean> {
    const { clock } = this.#options;
    let isLast = true;
    let events = 0;
    for (const topic of this.#topics) {
      const done = await topic.step();
      events += done.events;
      isLast &&= done.isLast;
    }
    this.#events += events;
    const nowMs = clock.monotonicMs();
    if (events > 0) this.#lastEventMs = nowMs;
    if (nowMs - this.#markedMs >= MARK_EVERY_MS) await this.#mark(false);
    this.#tell(isLast, nowMs);
    return isLast && events === 0;
  }

  #tell(isLast: boolean, nowMs: number): void {
    const { tell, untilStopped } = this.#options;
    const events = this.#events.toLocaleString("en");
    if (isLast && !this.#wasThere) {
      this.#wasThere = true;
      tell(`caught up: ${events} events brought; those that come follow at once`);
    } else if (!isLast && nowMs - this.#toldMs >= TELL_EVERY_MS) {
      this.#toldMs = nowMs;
      tell(`${events} events brought, received until ${new Date(this.#throughMs).toISOString()}`);
    }
    const isQuiet = this.#wasThere && nowMs - this.#lastEventMs >= QUIET_MS;
    if (isQuiet && !this.#wasQuiet) {
      const next = untilStopped ? "" : "; go on with --finish when all clients have moved";
      tell(`nothing is left, and no event has come for ${QUIET_MS / 1_000} s${next}`);
    }
    this.#wasQuiet = isQuiet;
  }

  get #throughMs(): number {
    return Math.min(...this.#topics.map(({ throughMs }) => throughMs));
  }

  async #close(): Promise<MirrorReport> {
    const report = await this.#mark(true);
    const events = this.#events.toLocaleString("en");
    this.#options.tell(
      `the pipeline has been stopped and nothing is left: ${events} events brought`,
    );
    return report;
  }

  async #mark(isClosed: boolean): Promise<MirrorReport> {
    const { parts, clock } = this.#options;
    const report = { throughMs: this.#throughMs, events: this.#events, isClosed };
    const positions = this.#topics.flatMap((topic) => topic.positions);
    await putMark(parts.client, this.#marks, { ...report, positions });
    this.#markedMs = clock.monotonicMs();
    return report;
  }
}

/** The place of the log's one writer, unless somebody has it. */
function freeLock(dir: string): FolderLock | undefined {
  try {
    return lockFolder(dir);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "STORAGE_LOCKED") return undefined;
    throw error;
  }
}
