import type { Command } from "../command.ts";
import { askOptions, findAsked } from "../running.ts";
import { tableText } from "../table-text.ts";

interface Ledger {
  readonly balanced: boolean;
  readonly minutes: readonly Record<string, unknown>[];
}

export const command: Command = {
  name: "ledger",
  summary: "show the balance: what came in, what became of it",
  usage: ["millrace ledger [--from TIME] [--to TIME] [--topic TOPIC]"],
  details:
    "in = accepted + duplicate + quarantined + refused, in every minute. Exit code 1 when not.",
  options: {
    from: { type: "string", value: "TIME", description: "first minute; an hour ago by default" },
    to: { type: "string", value: "TIME", description: "minutes before; now by default" },
    topic: { type: "string", value: "TOPIC", description: "only this topic" },
    json: { type: "boolean", description: "print JSON, partitions and stages included" },
    ...askOptions,
  },
  run: async (args, io) => {
    const query = new URLSearchParams();
    for (const name of ["from", "to", "topic"]) {
      const value = args.text(name);
      if (value !== undefined) query.set(name, value);
    }
    const answer = await findAsked(args, io).request("GET", `/v1/ledger?${query}`);
    const ledger = answer as Ledger;
    if (args.flag("json")) io.out(`${JSON.stringify(ledger, null, 2)}\n`);
    else {
      io.out(tableText(ledger.minutes.map(({ reasons: _reasons, ...minute }) => minute)));
      io.out(ledger.balanced ? "\nbalanced: every event is accounted for\n" : "\nNOT balanced\n");
    }
    return ledger.balanced ? 0 : 1;
  },
};
