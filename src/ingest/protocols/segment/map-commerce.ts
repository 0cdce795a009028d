import type { DoorInput } from "../../door-program.ts";
import { member, textOf, type JsonNode } from "../../scan/json-node.ts";
import { Draft } from "./draft.ts";
import { plainName, putCommon, putContext } from "./map-behaviour.ts";
import type { Message } from "./message.ts";
import { eventTypes } from "./targets.ts";

/** The names of Segment's e-commerce specification that a commerce event has a type for. */
const TYPES: Readonly<Record<string, string>> = {
  "product viewed": "product_view",
  "product added": "add_to_cart",
  "order completed": "purchase",
  "order refunded": "refund",
};

/**
 * The commerce events of a message, one a product; `undefined` when it isn't about products or
 * lacks what the commerce event must have (then it is a custom event with all its properties).
 */
export function mapCommerce(message: Message, target: DoorInput): Buffer[] | undefined {
  const name = message.type === "track" ? textOf(message.node, "event") : undefined;
  const type = TYPES[plainName(name ?? "")];
  if (type === undefined || !eventTypes(target).includes(type)) return undefined;
  const properties = member(message.node, "properties");
  const products = member(properties, "products");
  const isOrder = type === "purchase" || type === "refund";
  const items =
    isOrder && products?.kind === "array" && products.items.length > 0
      ? products.items
      : [properties];
  const drafts = items.map((product, index) => {
    const eventId = items[0] === properties ? message.id : `${message.id}:${index}`;
    return commerceDraft(message, target, type, eventId, product, properties);
  });
  return drafts.every((draft) => draft.isComplete())
    ? drafts.map((draft) => draft.json())
    : undefined;
}

function commerceDraft(
  message: Message,
  target: DoorInput,
  type: string,
  eventId: string,
  product: JsonNode | undefined,
  order: JsonNode | undefined,
): Draft {
  const draft = new Draft(target.scanner.program, message.bytes);
  const first = (...keys: readonly string[]): JsonNode | undefined => {
    for (const key of keys) {
      const found = member(product, key) ?? member(order, key);
      if (found !== undefined && found.kind !== "null") return found;
    }
    return undefined;
  };
  putCommon(draft, message, eventId);
  draft.putText("event_type", type);
  draft.put("properties.product_id", first("product_id", "productId", "sku", "id"));
  draft.put("properties.category", first("category"));
  draft.put("properties.price", first("price"));
  draft.put("properties.quantity", first("quantity"));
  draft.put("properties.quantity", { kind: "number", text: "1" });
  draft.put("properties.currency", first("currency"));
  draft.put("properties.discount_code", first("discount_code", "coupon"));
  if (type === "purchase" || type === "refund") {
    draft.put("transaction.order_id", first("order_id", "orderId"));
    const total = ["total", "revenue", "value"].map((key) => member(order, key));
    draft.put(
      "transaction.total_amount",
      total.find((each) => each !== undefined),
    );
    draft.put("transaction.payment_method", first("payment_method", "paymentMethod"));
  }
  putContext(draft, message);
  draft.merge("properties", product);
  draft.merge("properties", order, PRODUCTS);
  draft.merge("context", member(message.node, "context"));
  return draft;
}

const PRODUCTS = new Set(["products"]);
