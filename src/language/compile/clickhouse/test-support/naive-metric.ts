import { canonicalJson } from "../../../../core/canonical-json.ts";
import { formatDecimal, parseDecimal } from "../../../../core/decimal.ts";
import { typeOf, type Expression } from "../../../plan/expression.ts";
import { componentsOf, type Component } from "../../../plan/measure.ts";
import type { MetricNode } from "../../../plan/nodes.ts";

/** Strings, unscaled bigints, floats, times (ms), booleans, null. */
export type Plain = string | bigint | number | boolean | null;

/** An event as the naive computation sees it. */
export interface PlainEvent {
  readonly receivedAt: number;
  readonly flags: number;
  readonly time: number;
  readonly values: Readonly<Record<string, Plain>>;
}

/** A row as text that can be compared: `start|end|key|components|incomplete|pending`. */
export type RowText = string;

const scale = (expression: Expression): number => {
  const { type } = typeOf(expression);
  return type.kind === "decimal" ? type.scale : 0;
};

/** Evaluates as the design says, one event at a time, with nothing clever. */
export function evaluate(expression: Expression, event: PlainEvent): Plain {
  const of = (each: Expression): Plain => evaluate(each, event);
  switch (expression.kind) {
    case "field":
      return event.values[expression.path] ?? null;
    case "literal": {
      const { type, value } = expression;
      if (type.kind === "integer") return BigInt(value);
      return type.kind === "decimal" ? parseDecimal(String(value), type.scale)! : value;
    }
    case "isNull":
      return of(expression.value) === null;
    case "not": {
      const value = of(expression.arg);
      return value === null ? null : !value;
    }
    case "and":
    case "or": {
      const values = expression.args.map(of);
      const decides = expression.kind === "or";
      return values.includes(decides) ? decides : values.includes(null) ? null : !decides;
    }
    case "coalesce": {
      const found = expression.args.find((arg) => of(arg) !== null);
      if (found === undefined) return null;
      const value = of(found);
      const places = scale(expression.args[0]!) - scale(found);
      return typeof value === "bigint" ? value * 10n ** BigInt(places) : value;
    }
    case "in": {
      const value = of(expression.value);
      if (value === null) return null;
      return expression.options.some(
        (option) => compare(expression.value, option, event, (order) => order === 0) === true,
      );
    }
    case "compare": {
      const test = {
        eq: (order: number) => order === 0,
        ne: (order: number) => order !== 0,
        lt: (order: number) => order < 0,
        lte: (order: number) => order <= 0,
        gt: (order: number) => order > 0,
        gte: (order: number) => order >= 0,
      }[expression.op];
      return compare(expression.left, expression.right, event, test);
    }
    case "arithmetic": {
      const [left, right] = [of(expression.left), of(expression.right)];
      if (left === null || right === null) return null;
      const target = scale(expression);
      if (expression.op === "multiply") return (left as bigint) * (right as bigint);
      const a = (left as bigint) * 10n ** BigInt(target - scale(expression.left));
      const b = (right as bigint) * 10n ** BigInt(target - scale(expression.right));
      return expression.op === "add" ? a + b : a - b;
    }
    default:
      throw new Error(`no ${expression.kind} over events`);
  }
}

function compare(
  left: Expression,
  right: Expression,
  event: PlainEvent,
  test: (order: number) => boolean,
): boolean | null {
  let [a, b] = [evaluate(left, event), evaluate(right, event)];
  if (a === null || b === null) return null;
  if (typeof a === "bigint" && typeof b === "bigint") {
    const most = Math.max(scale(left), scale(right));
    a *= 10n ** BigInt(most - scale(left));
    b *= 10n ** BigInt(most - scale(right));
  } else {
    // One is a float: both are.
    if (typeof a === "bigint") a = Number(a) / 10 ** scale(left);
    if (typeof b === "bigint") b = Number(b) / 10 ** scale(right);
  }
  if (typeof a === "string" && typeof b === "string") {
    return test(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
  return test(a < b ? -1 : a > b ? 1 : 0);
}

/** The value of a component over events, and whether it is exact. */
function aggregate(component: Component, events: readonly PlainEvent[]): [Plain, boolean] {
  const { aggregate: each } = component;
  const taken = events.filter(
    (event) => each.where === undefined || evaluate(each.where, event) === true,
  );
  if (each.kind === "count") return [BigInt(taken.length), true];
  const values = taken
    .map((event) => evaluate(each.value, event))
    .filter((value) => value !== null);
  if (each.kind === "countDistinct") {
    const distinct = new Set(values).size;
    return [BigInt(Math.min(distinct, each.limit)), distinct <= each.limit];
  }
  if (values.length === 0) return [null, true];
  const result = values.reduce((into, value) =>
    each.kind === "sum"
      ? (into as bigint) + (value as bigint)
      : (each.kind === "min" ? value < into : value > into)
        ? value
        : into,
  );
  if (typeof result !== "bigint") return [result, true];
  const bound = 10n ** 38n;
  const fits =
    component.type.kind === "integer"
      ? BigInt.asIntN(64, result) === result
      : result < bound && result > -bound;
  return fits ? [result, true] : [null, false];
}

/** A value as ClickHouse prints it inside JSON, all places of a decimal kept. */
function text(value: Plain, component: Component): string {
  if (typeof value === "bigint" && component.type.kind === "decimal") {
    return formatDecimal(value, component.type.scale);
  }
  return String(value);
}

function keyOf(metric: MetricNode, event: PlainEvent): string {
  const parts = metric.by.map(({ value }) => {
    const part = evaluate(value, event);
    if (part === null) return "null";
    if (typeof part === "string") return JSON.stringify(part);
    const { type } = typeOf(value);
    return type.kind === "decimal"
      ? `"${formatDecimal(part as bigint, type.scale)}"`
      : String(part);
  });
  return `[${parts.join(",")}]`;
}

/** All rows of a metric over all events, computed window by window from the definition alone. */
export function naiveRows(
  metric: MetricNode,
  events: readonly PlainEvent[],
  lateness: "on-time" | "all",
): RowText[] {
  const { window, graceMs } = metric;
  const isLate = (event: PlainEvent): boolean =>
    lateness === "on-time" && ((event.flags & 4) !== 0 || event.receivedAt > event.time + graceMs);
  const groups = new Map<string, PlainEvent[]>();
  for (const event of events) {
    if (metric.where !== undefined && evaluate(metric.where, event) !== true) continue;
    const key = keyOf(metric, event);
    groups.set(key, [...(groups.get(key) ?? []), event]);
  }
  const rows: RowText[] = [];
  for (const [key, group] of groups) {
    const counted = group.filter((event) => !isLate(event));
    const late = group.filter(isLate);
    const add = (start: number, end: number, inside: readonly PlainEvent[], pending: number) => {
      const values = metric.measures.flatMap(componentsOf).map((component) => {
        const [value, isExact] = aggregate(component, inside);
        return { text: text(value, component), isExact };
      });
      const components = canonicalJson(values.map((value) => value.text));
      const incomplete = values.some((value) => !value.isExact);
      rows.push([start, end, key, components, incomplete, pending].join("|"));
    };
    if (window.kind === "session") {
      const sorted = counted.toSorted((left, right) => left.time - right.time);
      let session: PlainEvent[] = [];
      for (const [at, event] of sorted.entries()) {
        session.push(event);
        const next = sorted[at + 1];
        if (next !== undefined && next.time - event.time <= window.gapMs) continue;
        const [start, end] = [session[0]!.time, event.time];
        const pending = late.filter(
          ({ time, receivedAt }) =>
            time >= start - window.gapMs &&
            time <= end + window.gapMs &&
            receivedAt <= end + window.gapMs + graceMs,
        );
        add(start, end, session, pending.length);
        session = [];
      }
      continue;
    }
    const size = window.sizeMs;
    const step = window.kind === "sliding" ? window.everyMs : size;
    const starts = new Set<number>();
    for (const { time } of counted) {
      for (let start = Math.floor(time / step) * step; start + size > time; start -= step) {
        starts.add(start);
      }
    }
    for (const start of starts) {
      const within = ({ time }: PlainEvent): boolean => time >= start && time < start + size;
      const pending = late.filter(
        (event) => within(event) && event.receivedAt <= start + size + graceMs,
      );
      add(start, start + size, counted.filter(within), pending.length);
    }
  }
  return rows.toSorted();
}
