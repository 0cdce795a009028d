/**
 * `bin/millrace.js` runs the CLI as its child and keeps a channel open to it. When the channel
 * closes, the parent is gone (even by SIGKILL): stop as on SIGTERM, and for certain after a while.
 */
export function stopWithParent(graceMs = 10_000): void {
  if (process.channel === undefined || process.channel === null) return;
  process.on("disconnect", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.exit(143), graceMs).unref();
  });
  process.channel.unref();
}
