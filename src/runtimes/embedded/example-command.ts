import type { FieldNode, FieldType } from "../../language/schema/field-type.ts";
import type { EventNode, Plan } from "../../language/plan/nodes.ts";

/** A command that sends one event to a running pipeline: any definition's first event. */
export function exampleCommand(plan: Plan, url: string, writeKey: string): string {
  const [event] = plan.events;
  if (event === undefined) return "";
  const document = JSON.stringify(exampleDocument(event));
  return [
    `curl '${url}/v1/events?topic=${event.name}' \\`,
    `  -H 'Authorization: Bearer ${writeKey}' \\`,
    `  -d "${document.replaceAll('"', '\\"')}"`,
  ].join("\n");
}

/** The shell fills in an id and the time, so that the command can be repeated. */
function exampleDocument(event: EventNode): Record<string, unknown> {
  const wanted = event.fields.filter(
    (field) => !field.optional || event.key.includes(field.name) || field.name === "properties",
  );
  return Object.fromEntries(wanted.map((field) => [field.name, exampleValue(event, field)]));
}

function exampleValue(event: EventNode, field: FieldNode): unknown {
  if (field.name === event.id) return "$(uuidgen 2>/dev/null || date +%s%N)";
  if (field.name === event.time) return "$(date -u +%Y-%m-%dT%H:%M:%SZ)";
  return valueOf(field.name, field.type);
}

function valueOf(name: string, type: FieldType): unknown {
  switch (type.kind) {
    case "record": {
      const fields = type.fields.filter((field) => !field.optional || field.name === "page_url");
      return Object.fromEntries(
        fields.map((field) => [field.name, valueOf(field.name, field.type)]),
      );
    }
    case "oneOf":
      return type.values[0];
    case "boolean":
      return true;
    case "integer":
      return 1;
    case "float":
      return 21.5;
    case "decimal":
      return "9.90".slice(0, type.scale === 0 ? 1 : 2 + Math.min(type.scale, 2));
    case "timestamp":
      return "$(date -u +%Y-%m-%dT%H:%M:%SZ)";
    default:
      return EXAMPLES[name] ?? `my-${name.replaceAll("_", "-")}`;
  }
}

const EXAMPLES: Readonly<Record<string, string>> = {
  page_url: "https://shop.example/hello",
  user_id: "me",
  anonymous_id: "my-browser",
  currency: "EUR",
  country: "DE",
};
