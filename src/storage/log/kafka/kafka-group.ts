import {
  Connection,
  Consumer,
  offsetCommitV9,
  offsetFetchV9,
  type ConnectionOptions,
  type GroupPartitionsAssigner,
} from "@platformatic/kafka";
import type { Place } from "./kafka-client.ts";
import { sharePartitions } from "./share-partitions.ts";
import { asKafkaError, textOf } from "./kafka-error.ts";

/** What a member may do from one joining of the group to the next. */
export interface Membership {
  readonly generation: number;
  readonly memberId: string;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

/** How far the group has come in a partition, with a note of whoever committed it. */
export interface GroupPosition extends Place {
  readonly note: string;
}

export interface KafkaGroupOptions {
  readonly connection: ConnectionOptions;
  readonly clientId: string;
  readonly bootstrapBrokers: string[];
  readonly group: string;
  readonly topics: readonly string[];
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const REBALANCE_MS = 20_000;

/** A commit of a member whose time is over is refused with one of these. */
const OVER = /ILLEGAL_GENERATION|UNKNOWN_MEMBER_ID|REBALANCE_IN_PROGRESS|FENCED/;

/**
 * One member of a consumer group, which shares partitions among its members. Positions are
 * committed under the generation in which they were begun: the client's own commit would join again
 * and commit for partitions that another member has by then.
 */
export class KafkaGroup {
  readonly #options: KafkaGroupOptions;
  readonly #consumer: Consumer;
  readonly #connections = new Map<string, Connection>();

  constructor(options: KafkaGroupOptions) {
    this.#options = options;
    const { connection, clientId, bootstrapBrokers, group } = options;
    this.#consumer = new Consumer({
      ...connection,
      clientId,
      bootstrapBrokers,
      groupId: group,
      autocommit: false,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      protocols: [{ name: "cooperative-sticky", version: 3 }],
      partitionAssigner: sharedEvenly,
    });
  }

  /** Joins; `onMembership` is told now and whenever partitions were shared out anew. */
  async join(onMembership: (membership: Membership) => void): Promise<void> {
    this.#consumer.topics.trackAll(...this.#options.topics);
    this.#consumer.on("consumer:group:join", () => {
      const { generationId, memberId, assignments } = this.#consumer;
      onMembership({
        generation: generationId,
        memberId: memberId ?? "",
        partitions: (assignments ?? []).flatMap(({ topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      });
    });
    await this.#told("join a group", () => this.#consumer.joinGroup({}));
  }

  /** How far the group has come in a member's partitions; of those that it has come to. */
  async positions({ partitions }: Membership): Promise<readonly GroupPosition[]> {
    if (partitions.length === 0) return [];
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitionIndexes: own.map(({ partition }) => partition),
    }));
    const { groups } = await this.#told("ask for a group's offsets", async () => {
      const asked = { groupId: this.#options.group, memberId: null, memberEpoch: -1, topics };
      return offsetFetchV9.api.async(await this.#coordinator(), [asked], true);
    });
    return groups.flatMap((group) =>
      group.topics.flatMap(({ name: topic, partitions: found }) =>
        found
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map((each) => ({
            topic,
            partition: each.partitionIndex,
            offset: Number(each.committedOffset),
            note: each.metadata ?? "",
          })),
      ),
    );
  }

  /** Moves positions, all or none; false when this membership is over. */
  async commit(
    { generation, memberId }: Membership,
    positions: readonly GroupPosition[],
  ): Promise<boolean> {
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition, offset, note }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: note,
      })),
    }));
    try {
      const { group } = this.#options;
      const connection = await this.#coordinator();
      await offsetCommitV9.api.async(connection, group, generation, memberId, null, topics);
      return true;
    } catch (error) {
      if (OVER.test(textOf(error))) return false;
      throw asKafkaError("commit a group's offsets", error);
    }
  }

  /** Leaves the group: its partitions go to others at once. */
  async close(): Promise<void> {
    await this.#consumer.close(true);
    for (const connection of this.#connections.values()) await connection.close();
  }

  async #coordinator(): Promise<Connection> {
    const node = await this.#consumer.findGroupCoordinator();
    const { brokers } = await this.#consumer.metadata({ topics: [] });
    const { host, port } = brokers.get(node)!;
    const place = `${host}:${port}`;
    const known = this.#connections.get(place);
    if (known?.isConnected() === true) return known;
    const { clientId, connection: options } = this.#options;
    const connection = new Connection(clientId, options);
    await connection.connect(host, port);
    this.#connections.set(place, connection);
    return connection;
  }

  async #told<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asKafkaError(what, error);
    }
  }
}

/** The client's own evens out the number of partitions over all topics, not of each. */
const sharedEvenly: GroupPartitionsAssigner = (_leader, members, topics, { topics: known }) => {
  const shares = sharePartitions(
    [...members].map(([id, { topics: wanted = [], ownedPartitions = [], generationId = -1 }]) => ({
      id,
      topics: wanted,
      owned: ownedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
      generation: generationId,
    })),
    new Map([...topics].map((topic) => [topic, known.get(topic)?.partitionsCount ?? 0])),
  );
  return [...shares].map(([memberId, own]) => ({
    memberId,
    assignments: new Map(
      [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, those]) => [
        topic,
        { topic, partitions: those.map(({ partition }) => partition) },
      ]),
    ),
  }));
};
