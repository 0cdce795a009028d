import type { DoorInput } from "../../door-program.ts";
import { mapBehaviour } from "./map-behaviour.ts";
import { mapCommerce } from "./map-commerce.ts";
import { mapUsers } from "./map-users.ts";
import type { Message } from "./message.ts";
import type { Targets } from "./targets.ts";

/** An event that a message became, as JSON for a topic. */
export interface Mapped {
  readonly input: DoorInput;
  readonly json: Buffer;
}

/**
 * The default mapping (design §4): the e-commerce names become commerce events, one a product;
 * `identify` an upsert of the users; everything else a behaviour event.
 */
export function mapMessage(message: Message, targets: Targets): readonly Mapped[] {
  const { commerce, users, behaviour } = targets;
  const products = commerce && mapCommerce(message, commerce);
  if (products !== undefined) return products.map((json) => ({ input: commerce!, json }));
  const upsert = users && mapUsers(message, users);
  if (upsert !== undefined) return [{ input: users!, json: upsert }];
  return behaviour === undefined
    ? []
    : [{ input: behaviour, json: mapBehaviour(message, behaviour) }];
}
