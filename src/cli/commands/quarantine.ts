import type { Command } from "../command.ts";
import { usageError } from "../command.ts";
import { askOptions, findAsked } from "../running.ts";
import { tableText } from "../table-text.ts";

export const command: Command = {
  name: "quarantine",
  summary: "show the events that broke a rule, and why",
  usage: ["millrace quarantine list [--topic TOPIC] [--reason CODE] [--limit N]"],
  options: {
    topic: { type: "string", value: "TOPIC", description: "only this topic's" },
    reason: { type: "string", value: "CODE", description: "only with this reason" },
    limit: { type: "string", value: "N", description: "at most; 50 by default" },
    after: { type: "string", value: "ID", description: "those after this id" },
    json: { type: "boolean", description: "print JSON, the bytes included" },
    ...askOptions,
  },
  run: async (args, io) => {
    if (args.positionals[0] !== "list") {
      throw usageError("what about the quarantine?", "millrace quarantine list");
    }
    const query = new URLSearchParams({ limit: args.text("limit") ?? "50" });
    for (const name of ["topic", "reason", "after"]) {
      const value = args.text(name);
      if (value !== undefined) query.set(name, value);
    }
    const answer = await findAsked(args, io).request("GET", `/v1/quarantine?${query}`);
    const { items } = answer as { items: Record<string, unknown>[] };
    io.out(
      args.flag("json") ? `${JSON.stringify(answer, null, 2)}\n` : tableText(items.map(short)),
    );
  },
};

const TEXT_SHOWN = 80;

const short = (item: Record<string, unknown>): Record<string, unknown> => ({
  id: item["id"],
  received_at: item["received_at"],
  topic: item["topic"],
  reason: item["reason"],
  rule: item["rule"] ?? item["field"],
  text: String(item["text"] ?? "(not UTF-8)").slice(0, TEXT_SHOWN),
});
