import type { DoorInput, DoorProgram } from "../../door-program.ts";

/** Where the messages of a client that doesn't know our schemas go. */
export interface Targets {
  readonly behaviour: DoorInput | undefined;
  readonly commerce: DoorInput | undefined;
  readonly users: DoorInput | undefined;
}

/** The definition's own mapping, and by shape what it doesn't name. */
export function targetsOf({ plan, inputs, events }: DoorProgram): Targets {
  const named = (name: string | undefined): DoorInput | undefined =>
    name === undefined ? undefined : inputs.get(name);
  const { behaviour, commerce, users } = plan.clients;
  return {
    behaviour:
      named(behaviour) ??
      events.find((each) => eventTypes(each).includes("page_view")) ??
      events.find((each) => !isCommerce(each)) ??
      events[0],
    commerce: named(commerce) ?? events.find(isCommerce),
    users: named(users) ?? [...inputs.values()].find(isUsers),
  };
}

/** The values that an event's `event_type` can have. */
export function eventTypes({ finisher }: DoorInput): readonly string[] {
  const type = finisher.topic.leaves.find(({ path }) => path === "event_type")?.type;
  return type?.kind === "oneOf" ? type.values : [];
}

const isCommerce = (input: DoorInput): boolean =>
  eventTypes(input).includes("product_view") || eventTypes(input).includes("add_to_cart");

const isUsers = ({ finisher }: DoorInput): boolean =>
  finisher.topic.node.kind === "table" && finisher.topic.node.key === "user_id";
