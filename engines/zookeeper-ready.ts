import { connect } from "node:net";

const TIMEOUT_MS = 2_000;

/** Whether ZooKeeper says what it serves; its four-letter command `srvr`. */
export function srvrAnswers(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("srvr"));
    let text = "";
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer")));
    socket.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
    socket.once("error", reject);
    socket.once("close", () => resolve(text.includes("Mode: ")));
  });
}
