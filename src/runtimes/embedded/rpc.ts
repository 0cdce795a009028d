import { MillraceError, type ErrorCode } from "../../core/errors.ts";

/** Anything that sends and receives structured values: a child process, or the parent's channel. */
export interface Channel {
  send(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: () => void): void;
}

/** Functions that the other side may call: one argument, a promise back. */
export type Calls = { readonly [name: string]: (argument: never) => unknown };

/** The same functions, seen from the other side. */
export type Remote<C extends Calls> = {
  readonly [Name in keyof C]: (
    argument: Parameters<C[Name]>[0],
  ) => Promise<Awaited<ReturnType<C[Name]>>>;
};

type Message =
  | { readonly call: number; readonly name: string; readonly argument: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: WireError };

interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly hint?: string;
}

/** Calls that may wait for an answer at once. */
const WAITING_MAX = 10_000;

interface Waiting {
  readonly settle: (value: unknown) => void;
  readonly fail: (error: MillraceError) => void;
}

/**
 * Calls in both directions over one channel: answers `own`, and gives the other side's functions.
 * Pending calls fail with `NOT_READY` when the channel closes.
 */
export function connect<Theirs extends Calls>(channel: Channel, own: Calls): Remote<Theirs> {
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let closed = false;
  const gone = (): MillraceError =>
    new MillraceError("NOT_READY", "a part of the pipeline is restarting", {
      hint: "try again in a moment",
    });

  channel.onMessage((received) => {
    const message = received as Message;
    if ("call" in message) void answer(channel, own, message);
    else settle(waiting, message);
  });
  channel.onClose(() => {
    closed = true;
    for (const each of waiting.values()) each.fail(gone());
    waiting.clear();
  });
  return new Proxy({} as Remote<Theirs>, {
    get: (_target, name) => (argument: unknown) =>
      new Promise((resolve, reject) => {
        if (closed || waiting.size >= WAITING_MAX) {
          reject(gone());
          return;
        }
        waiting.set(next, { settle: resolve, fail: reject });
        channel.send({ call: next, name, argument });
        next += 1;
      }),
  });
}

async function answer(
  channel: Channel,
  own: Calls,
  message: { readonly call: number; readonly name: string; readonly argument: unknown },
): Promise<void> {
  try {
    const method = own[message.name];
    if (method === undefined) throw new Error(`no call ${message.name}`);
    const value = await method(message.argument as never);
    channel.send({ answer: message.call, value });
  } catch (thrown) {
    channel.send({ answer: message.call, error: wireError(thrown) });
  }
}

function wireError(thrown: unknown): WireError {
  if (thrown instanceof MillraceError) {
    const { code, message, field, hint } = thrown;
    return {
      code,
      message,
      ...(field === undefined ? {} : { field }),
      ...(hint === undefined ? {} : { hint }),
    };
  }
  return { code: "INTERNAL", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function settle(
  waiting: Map<number, Waiting>,
  message: Exclude<Message, { readonly call: number }>,
): void {
  const caller = waiting.get(message.answer);
  waiting.delete(message.answer);
  if (caller === undefined) return;
  if ("value" in message) caller.settle(message.value);
  else if ("error" in message) {
    const { code, message: text, ...details } = message.error;
    caller.fail(new MillraceError(code, text, details));
  } else caller.settle(undefined);
}
