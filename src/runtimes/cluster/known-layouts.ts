import { canonicalJson, type Json } from "../../core/canonical-json.ts";
import { MillraceError } from "../../core/errors.ts";
import { layoutOfAvro } from "../../language/compile/avro/layout-of-avro.ts";
import { topicAvro } from "../../language/compile/avro/topic-avro.ts";
import type { Layout } from "../../language/schema/layout.ts";
import type { SchemaLayouts } from "../../storage/log/kafka/row-batches.ts";
import type { TopicNames } from "../../storage/log/kafka/topic-names.ts";
import type { Registry } from "../../storage/registry/registry.ts";
import { NAMESPACE, type DeployedTopic } from "./cluster-topics.ts";

/** A layout, and its column of the event time. */
interface Known {
  readonly layout: Layout;
  readonly time: string;
}

/**
 * The layouts of all versions of the topics' schemas. Records of earlier versions stay readable, and
 * those of a version that was registered since can be, without a restart.
 */
export class KnownLayouts implements SchemaLayouts {
  readonly #topics: readonly DeployedTopic[];
  readonly #registry: Registry;
  readonly #names: TopicNames;
  readonly #known = new Map<number, Known>();

  constructor(topics: readonly DeployedTopic[], registry: Registry, names: TopicNames) {
    this.#topics = topics;
    this.#registry = registry;
    this.#names = names;
  }

  /** Asks the registry what versions there are. */
  async read(): Promise<void> {
    for (const { topic } of this.#topics) {
      const current = JSON.stringify(topicAvro(topic, NAMESPACE));
      for (const name of [this.#names.raw(topic.name), this.#names.clean(topic.name)]) {
        for (const version of await this.#registry.versions(`${name}-value`, "exclude")) {
          const found = await this.#registry.version(`${name}-value`, version);
          if (found === undefined) continue;
          const layout = isSame(found.schema, current) ? topic.layout : layoutOfAvro(found.schema);
          this.#known.set(found.id, { layout, time: topic.time });
        }
      }
    }
  }

  async learn(schemaId: number): Promise<void> {
    if (!this.#known.has(schemaId)) await this.read();
  }

  of(schemaId: number): Known {
    const known = this.#known.get(schemaId);
    if (known !== undefined) return known;
    throw new MillraceError(
      "STORAGE_CORRUPT",
      `no schema of the definition has the id ${schemaId}`,
    );
  }
}

const isSame = (one: string, other: string): boolean =>
  canonicalJson(JSON.parse(one) as Json) === canonicalJson(JSON.parse(other) as Json);
