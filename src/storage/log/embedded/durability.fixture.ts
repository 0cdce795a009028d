/**
 * A process that appends without end and says `ack <end offset>` after each append, for the tests
 * that kill it or watch its system calls. Arguments: data folder, appends (0: no end).
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../../core/clock.ts";
import { pending } from "../log.suite.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

const [, , dir = "", appends = "0"] = process.argv;
const log = openEmbeddedLog({ dir, clock: systemClock });
log.ensureTopic("t", 2);
for (let number = 1; appends === "0" || number <= Number(appends); number++) {
  const texts = Array.from({ length: 5 }, (_, index) => `${number}-${index}-${"x".repeat(2_000)}`);
  const { appended } = log.append({ batches: [pending("t", 0, texts), pending("t", 1, texts)] });
  writeSync(1, `ack ${appended[1]!.endOffset}\n`);
}
log.close();
