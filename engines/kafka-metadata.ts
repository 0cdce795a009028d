import { connect } from "node:net";

const METADATA = 3;
const VERSION = 1;
const TIMEOUT_MS = 2_000;

/**
 * Asks one broker, in Kafka's own protocol, for the brokers that it knows to be alive: their ids.
 * A broker that has just started lists itself once the controllers let it serve.
 *
 * https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function askForBrokers(port: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.once("connect", () => socket.write(request()));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      resolve(brokersIn(received));
      socket.destroy();
    });
  });
}

/** Length; then key, version, correlation, client's name; then an empty list of topics. */
function request(): Buffer {
  const client = "millrace";
  const bytes = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(METADATA, 4);
  bytes.writeInt16BE(VERSION, 6);
  bytes.writeInt16BE(client.length, 12);
  bytes.write(client, 14, "latin1");
  return bytes;
}

/** After length and correlation: an array of (id, host, port, rack). */
function brokersIn(bytes: Buffer): number[] {
  let at = 8;
  const count = bytes.readInt32BE(at);
  at += 4;
  return Array.from({ length: count }, () => {
    const id = bytes.readInt32BE(at);
    at += 4;
    at += 2 + Math.max(0, bytes.readInt16BE(at)) + 4;
    at += 2 + Math.max(0, bytes.readInt16BE(at));
    return id;
  });
}
