import { setTimeout as sleep } from "node:timers/promises";

/** One runtime, as its clients see it: one address, or several of which any will do. */
export interface Door {
  readonly name: string;
  /** In turns; the next one is tried when one doesn't answer. */
  readonly urls: () => readonly string[];
}

/** What a door said of the events that it was sent, by status. */
export type Answers = Map<string, number>;

const RETRY_MS = 250;

/**
 * Sends the same bytes until a door has taken them, as clients do. A request whose answer was lost
 * is sent again, so that its events come twice.
 */
export async function sendTo(
  door: Door,
  topic: string,
  body: string,
  turn: number,
): Promise<Answers> {
  for (let attempt = 0; ; attempt++) {
    const urls = door.urls();
    const url = urls[(turn + attempt) % urls.length];
    try {
      const answer = await fetch(`${url}/v1/events?topic=${topic}`, {
        method: "POST",
        headers: { authorization: "Bearer dev" },
        body,
      });
      const text = await answer.text();
      if (answer.status === 200) return counted(text);
      if (answer.status < 429) throw new Refused(`${door.name}: ${answer.status} ${text}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    await sleep(RETRY_MS);
  }
}

/** An answer that no retry can help. */
class Refused extends Error {}

function counted(text: string): Answers {
  const { results } = JSON.parse(text) as {
    readonly results: readonly { readonly status: string }[];
  };
  const answers: Answers = new Map();
  for (const { status } of results) answers.set(status, (answers.get(status) ?? 0) + 1);
  return answers;
}
