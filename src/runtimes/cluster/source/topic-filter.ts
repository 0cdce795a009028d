/** Whether an MQTT topic matches a filter, in which `+` is one level and a last `#` all that follow. */
export function matchesFilter(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  const wanted = filter.split("/");
  // Wildcards at the beginning don't match the broker's own topics.
  if (topic.startsWith("$") && (wanted[0] === "+" || wanted[0] === "#")) return false;
  for (const [at, each] of wanted.entries()) {
    if (each === "#") return true;
    if (at >= levels.length || (each !== "+" && each !== levels[at])) return false;
  }
  return wanted.length === levels.length;
}
