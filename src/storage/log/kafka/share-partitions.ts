/** A partition of a topic. */
export interface SharedPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A member of a group, as it says itself when it joins. */
export interface GroupMember {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it has. */
  readonly owned: readonly SharedPartition[];
  /** In which generation it got that; -1: in none. */
  readonly generation: number;
}

/**
 * Shares partitions among a group's members so that each has as many **of every topic** as any
 * other, or one fewer: topics differ in how much is in them, so that equal numbers over all topics
 * would be unequal work. Members keep what they have as far as that allows; what is taken from one
 * goes to nobody until it has joined again without it, as `cooperative-sticky` wants it.
 */
export function sharePartitions(
  members: readonly GroupMember[],
  partitionsOf: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly SharedPartition[]> {
  const claims = claimsOf(members);
  const shares = new Map<string, SharedPartition[]>(members.map(({ id }) => [id, []]));
  for (const [topic, count] of [...partitionsOf].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const eligible = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id);
    const owners = Array.from({ length: count }, (_, partition) =>
      (claims.get(placeOf({ topic, partition })) ?? []).filter((id) => eligible.includes(id)),
    );
    for (const [partition, id] of ownersToBe(owners, eligible, shares).entries()) {
      const isFree = owners[partition]!.every((owner) => owner === id);
      if (isFree) shares.get(id)!.push({ topic, partition });
    }
  }
  return shares;
}

/** Who is to have each partition of a topic, given who has it; nothing where nobody wants it. */
function ownersToBe(
  owners: readonly (readonly string[])[],
  members: readonly string[],
  shares: ReadonlyMap<string, readonly SharedPartition[]>,
): readonly string[] {
  if (members.length === 0) return [];
  const owned = (id: string): number => owners.filter((each) => each.includes(id)).length;
  // Those with the least of other topics get what can't be divided.
  const ranked = members.toSorted(
    (a, b) =>
      shares.get(a)!.length - shares.get(b)!.length || owned(b) - owned(a) || (a < b ? -1 : 1),
  );
  const least = Math.floor(owners.length / members.length);
  const rest = owners.length % members.length;
  const left = new Map(ranked.map((id, rank) => [id, rank < rest ? least + 1 : least]));
  const take = (id: string): string => {
    left.set(id, left.get(id)! - 1);
    return id;
  };
  const kept = owners.map(([owner, other]) => {
    const isKept = owner !== undefined && other === undefined && left.get(owner)! > 0;
    return isKept ? take(owner) : undefined;
  });
  return kept.map((owner) => owner ?? take(ranked.find((id) => left.get(id)! > 0)!));
}

/** Who says that it has a partition; of former generations nobody does any more. */
function claimsOf(members: readonly GroupMember[]): ReadonlyMap<string, readonly string[]> {
  const newest = Math.max(...members.map(({ generation }) => generation));
  const claims = new Map<string, string[]>();
  for (const { id, owned, generation } of members) {
    if (generation < newest) continue;
    for (const place of owned) {
      const known = claims.get(placeOf(place));
      if (known === undefined) claims.set(placeOf(place), [id]);
      else known.push(id);
    }
  }
  return claims;
}

const placeOf = ({ topic, partition }: SharedPartition): string => `${partition} ${topic}`;
