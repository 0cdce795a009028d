import { processIo } from "./io.ts";
import { stopWithParent } from "./parent.ts";
import { runCli } from "./run.ts";

// A reader that has gone away (`millrace query … | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 70);
});
stopWithParent();
// Not process.exit: output to a pipe may still be on its way.
process.exitCode = await runCli(process.argv.slice(2), processIo());
