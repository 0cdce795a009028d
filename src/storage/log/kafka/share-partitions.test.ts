import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../core/random.ts";
import { sharePartitions, type GroupMember, type SharedPartition } from "./share-partitions.ts";

type Shares = ReadonlyMap<string, readonly SharedPartition[]>;

const TOPICS = new Map([
  ["clicks", 12],
  ["orders", 12],
  ["alerts", 1],
  ["pages", 7],
]);
const names = [...TOPICS.keys()];

/** What members say who have what they were given in a generation. */
const after = (shares: Shares, ids: readonly string[], generation: number): GroupMember[] =>
  ids.map((id) => {
    const owned = shares.get(id) ?? [];
    return { id, topics: names, owned, generation: owned.length === 0 ? -1 : generation };
  });

/** As a group does it: members join again until nobody has to give anything up. */
function settled(ids: readonly string[], before: Shares = new Map()): Shares {
  let shares = before;
  for (let generation = 1; generation < 5; generation++) {
    const members = after(shares, ids, generation);
    const next = sharePartitions(members, TOPICS);
    assertNothingTwice(members, next);
    if (JSON.stringify([...next]) === JSON.stringify([...shares])) return next;
    shares = next;
  }
  throw new Error("it doesn't settle");
}

/** Nobody gets what another one had when it joined. */
function assertNothingTwice(members: readonly GroupMember[], shares: Shares): void {
  const given = [...shares].flatMap(([id, own]) => own.map((place) => [id, place] as const));
  const places = given.map(([, { topic, partition }]) => `${partition} ${topic}`);
  assert.equal(new Set(places).size, places.length);
  for (const [id, { topic, partition }] of given) {
    const others = members.filter((each) => each.id !== id).flatMap(({ owned }) => owned);
    assert.ok(!others.some((each) => each.topic === topic && each.partition === partition));
  }
}

const countOf = (shares: Shares, id: string, topic: string): number =>
  shares.get(id)!.filter((each) => each.topic === topic).length;

function assertEven(shares: Shares, ids: readonly string[]): void {
  for (const [topic, count] of TOPICS) {
    const counts = ids.map((id) => countOf(shares, id, topic));
    assert.equal(
      counts.reduce((sum, each) => sum + each, 0),
      count,
    );
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${topic}: ${counts.join(" ")}`);
  }
}

test("each member has the same share of every topic, also of one that joins later", () => {
  const one = settled(["a"]);
  const two = settled(["a", "b"], one);
  assert.equal(countOf(two, "b", "clicks"), 6);
  assertEven(two, ["a", "b"]);
  assertEven(settled(["a", "b", "c"], two), ["a", "b", "c"]);
});

test("what can't be divided goes to those who have less", () => {
  const shares = settled(["a", "b"]);
  const totals = ["a", "b"].map((id) => shares.get(id)!.length);
  assert.deepEqual(totals, [16, 16]);
});

test("members keep what they have", () => {
  const two = settled(["a", "b"]);
  assert.deepEqual(settled(["a", "b"], two), two);
  const three = settled(["a", "b", "c"], two);
  for (const id of ["a", "b"]) {
    const kept = three.get(id)!.filter((place) => two.get(id)!.some((own) => same(own, place)));
    assert.equal(kept.length, three.get(id)!.length);
  }
});

test("what two members say that they have is given to neither at once", () => {
  const owned = [{ topic: "alerts", partition: 0 }];
  const members = ["a", "b"].map((id) => ({ id, topics: names, owned, generation: 3 }));
  const shares = sharePartitions(members, TOPICS);
  assert.equal(countOf(shares, "a", "alerts") + countOf(shares, "b", "alerts"), 0);
});

test("who comes back from a former generation has nothing any more", () => {
  const owned = [{ topic: "alerts", partition: 0 }];
  const shares = sharePartitions(
    [
      { id: "a", topics: names, owned: [], generation: 5 },
      { id: "late", topics: names, owned, generation: 4 },
    ],
    TOPICS,
  );
  assert.equal(countOf(shares, "a", "alerts"), 1);
});

test("a topic goes only to those who read it", () => {
  const members = [
    { id: "old", topics: ["clicks"], owned: [], generation: -1 },
    { id: "new", topics: names, owned: [], generation: -1 },
  ];
  const shares = sharePartitions(members, TOPICS);
  assert.equal(countOf(shares, "new", "orders"), 12);
  assert.equal(countOf(shares, "old", "clicks"), 6);
});

test("whoever comes and goes, shares settle and are even", () => {
  const random = seededRandom(1);
  let shares: Shares = new Map();
  for (let round = 0; round < 200; round++) {
    const ids = ["a", "b", "c", "d", "e"].filter(() => random.next() < 0.6);
    if (ids.length === 0) continue;
    shares = settled(ids, shares);
    assertEven(shares, ids);
  }
});

const same = (a: SharedPartition, b: SharedPartition): boolean =>
  a.topic === b.topic && a.partition === b.partition;
