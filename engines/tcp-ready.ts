import { connect } from "node:net";

const TIMEOUT_MS = 2_000;

/** Sends bytes to a port and tells whether what comes back satisfies `isAnswer`. */
export function answersTcp(
  port: number,
  request: string | Uint8Array,
  isAnswer: (received: Buffer) => boolean,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let received = Buffer.alloc(0);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => resolve(false));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (!isAnswer(received)) return;
      resolve(true);
      socket.destroy();
    });
  });
}
