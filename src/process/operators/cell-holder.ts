import type { Cell } from "./cells.ts";

/**
 * What has a group's cells. The first four are fields of its own: an array would be two more
 * objects a group, and two more steps through memory an event.
 */
export interface CellHolder {
  first: Cell;
  second: Cell;
  third: Cell;
  fourth: Cell;
  more: Cell[] | undefined;
}

/** Cells and nothing else. */
export class Cells implements CellHolder {
  first: Cell = null;
  second: Cell = null;
  third: Cell = null;
  fourth: Cell = null;
  more: Cell[] | undefined = undefined;
}

export function cellAt(holder: CellHolder, index: number): Cell {
  switch (index) {
    case 0:
      return holder.first;
    case 1:
      return holder.second;
    case 2:
      return holder.third;
    case 3:
      return holder.fourth;
    default:
      return holder.more![index - 4];
  }
}

export function setCell(holder: CellHolder, index: number, cell: Cell): void {
  switch (index) {
    case 0:
      holder.first = cell;
      return;
    case 1:
      holder.second = cell;
      return;
    case 2:
      holder.third = cell;
      return;
    case 3:
      holder.fourth = cell;
      return;
    default:
      holder.more ??= [];
      holder.more[index - 4] = cell;
  }
}
