import type { DoorTopic } from "../../ingest/door-program.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import type { LayoutStore } from "./layout-store.ts";

/** The plan's topics with the numbers that their layouts have in the log. */
export const doorTopics = (plan: Plan, layouts: LayoutStore): readonly DoorTopic[] =>
  topicsOf(plan).map((topic) => ({ topic, layoutId: layouts.numberOf(topic.layout) }));
