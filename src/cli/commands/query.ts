import type { Command } from "../command.ts";
import { usageError } from "../command.ts";
import { dataOption, findRunning } from "../running.ts";
import { tableText } from "../table-text.ts";

export const command: Command = {
  name: "query",
  summary: "read a metric, or run SQL",
  usage: [
    "millrace query METRIC [--from TIME] [--to TIME] [--limit N] [DIMENSION=VALUE …]",
    'millrace query "SELECT …"',
  ],
  details: "Times are RFC 3339 (2026-01-31T10:00:00Z), dates, or milliseconds.",
  options: {
    from: { type: "string", value: "TIME", description: "windows that start at or after" },
    to: { type: "string", value: "TIME", description: "windows that start before" },
    limit: { type: "string", value: "N", description: "rows at most" },
    json: { type: "boolean", description: "print JSON" },
    ...dataOption,
  },
  run: async (args, io) => {
    const [what, ...filters] = args.positionals;
    if (what === undefined) throw usageError("what to query?", "give a metric's name or a SELECT");
    const pipeline = findRunning(args, io);
    const isSql = /\s/.test(what.trim());
    const answer = isSql
      ? await pipeline.request("POST", "/v1/sql", { sql: what })
      : await pipeline.request("GET", metricPath(what, args, filters));
    const { rows } = answer as { rows: Record<string, unknown>[] };
    io.out(args.flag("json") ? `${JSON.stringify(answer, null, 2)}\n` : tableText(rows));
  },
};

function metricPath(
  metric: string,
  args: { text(name: string): string | undefined },
  filters: readonly string[],
): string {
  const query = new URLSearchParams();
  for (const name of ["from", "to", "limit"]) {
    const value = args.text(name);
    if (value !== undefined) query.set(name, value);
  }
  for (const filter of filters) {
    const at = filter.indexOf("=");
    if (at < 1) throw usageError(`"${filter}" isn't DIMENSION=VALUE`, "such as country=DE");
    query.set(filter.slice(0, at), filter.slice(at + 1));
  }
  return `/v1/metrics/${encodeURIComponent(metric)}?${query}`;
}
