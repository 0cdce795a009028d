import type { Clock } from "../../../core/clock.ts";
import type { KafkaClient } from "../../../storage/log/kafka/kafka-client.ts";
import { every } from "../../shared/every.ts";
import { MirrorMarks } from "./mirror-mark.ts";

const READ_EVERY_MS = 500;
/** What is received here may be ahead of what a mirror brings by less than the log's slack. */
const AHEAD_MS_MAX = 8_000;

/** Whether events that a mirror has yet to bring forbid to stamp others. */
export interface MirrorWatch {
  isHeld(): boolean;
  /** Whether it was ever otherwise: before that, tables that the door looks things up in are missing. */
  wasThere(): boolean;
  close(): Promise<void>;
}

/**
 * Follows how far another pipeline's events were brought to the topics that a collector writes to.
 * Windows close by received time: a collector whose stamps were far ahead of a mirror that is
 * behind, or was killed, would close windows that the mirror still has events for.
 */
export async function watchMirror(
  client: KafkaClient,
  topic: string,
  clock: Clock,
  onProblem: (text: string) => void,
): Promise<MirrorWatch> {
  const marks = new MirrorMarks(client, topic);
  await marks.read();
  const timer = every(READ_EVERY_MS, () => marks.read(), onProblem);
  let wasThere = false;
  const isHeld = (): boolean => {
    const mark = marks.newest;
    const isBehind =
      mark !== undefined && !mark.isClosed && clock.nowMs() - mark.throughMs > AHEAD_MS_MAX;
    wasThere ||= !isBehind;
    return isBehind;
  };
  return {
    isHeld,
    wasThere: () => wasThere || !isHeld(),
    close: async () => {
      clearInterval(timer);
      await marks.close();
    },
  };
}
