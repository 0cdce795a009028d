/** Values up to which a plain array is smaller and quicker than a set. */
const ARRAY_MAX = 8;

type DistinctValue = string | bigint;

/**
 * The distinct values of a group, exact up to a limit. Most groups have one or two, and there are
 * many groups: none is null, one is the value itself. Undefined: there were more than the limit;
 * the values are forgotten.
 */
export type DistinctCell =
  | null
  | DistinctValue
  | readonly DistinctValue[]
  | Set<DistinctValue>
  | undefined;

/** The cell with one more value; a set is changed in place. */
export function addDistinct(cell: DistinctCell, value: DistinctValue, limit: number): DistinctCell {
  if (cell === undefined) return undefined;
  if (cell === null) return limit < 1 ? undefined : value;
  if (typeof cell !== "object") {
    if (isSame(cell, value)) return cell;
    return limit < 2 ? undefined : [cell, value];
  }
  if (cell instanceof Set) {
    cell.add(value);
    return cell.size > limit ? undefined : cell;
  }
  for (let index = 0; index < cell.length; index++) {
    if (isSame(cell[index]!, value)) return cell;
  }
  if (cell.length >= limit) return undefined;
  return cell.length < ARRAY_MAX ? [...cell, value] : new Set(cell).add(value);
}

/** Texts that differ mostly do so at their end; `===` begins at the other one. */
function isSame(left: DistinctValue, right: DistinctValue): boolean {
  if (typeof left !== "string" || typeof right !== "string") return left === right;
  const last = left.length - 1;
  return (
    last === right.length - 1 && left.charCodeAt(last) === right.charCodeAt(last) && left === right
  );
}

/** The values, in the order in which they came; none where they are forgotten. */
export function distinctValues(cell: DistinctCell): Iterable<DistinctValue> {
  if (cell === null || cell === undefined) return [];
  return typeof cell === "object" ? cell : [cell];
}

/** How many there are, as far as it is known. */
export function countDistinct(cell: DistinctCell, limit: number): number {
  if (cell === undefined) return limit;
  if (cell === null) return 0;
  return typeof cell !== "object" ? 1 : cell instanceof Set ? cell.size : cell.length;
}
