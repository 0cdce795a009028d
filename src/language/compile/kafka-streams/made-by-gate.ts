import type { Topic } from "../../plan/topic.ts";

/**
 * Whether the gate makes a topic's records of another topic's. A joined stream and one with lookups
 * are stamped at the door: like events and tables they have raw topics of their own.
 */
export function isMadeByGate(topics: readonly Topic[], { node, lookups }: Topic): boolean {
  if (node.kind !== "stream" || node.join !== undefined || lookups.length > 0) return false;
  const source = topics.find(({ name }) => name === node.from);
  return source !== undefined && (source.node.kind !== "stream" || isMadeByGate(topics, source));
}
