import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { event, pipeline, t } from "../../index.ts";
import { seededRandom, type Random } from "../../core/random.ts";
import { topicsOf } from "../../language/plan/topic.ts";
import { ASK } from "./event-scanner.ts";
import { parseJson } from "./parse-json.ts";
import { Stage } from "./stage.ts";
import { EVENT_BOUNDS, TopicScanner } from "./topic-scanner.ts";

const SEED = Number(process.env["SEED"] ?? 20260301);
const RUNS = Number(process.env["RUNS"] ?? 4000);
console.log(`scan: SEED=${SEED} RUNS=${RUNS}`);

const NOW = Date.parse("2026-03-01T12:00:00Z");

const topicOf = (undeclared: "keep" | "drop" | "refuse") =>
  topicsOf(
    pipeline({
      events: [
        event(
          "e",
          {
            id: t.id(),
            at: t.timestamp(),
            name: t.string().optional(),
            kind: t.oneOf("a", "bb", "").optional(),
            n: t.integer().optional(),
            d: t.decimal(18, 4).optional(),
            w: t.decimal(38, 10),
            f: t.float().optional(),
            b: t.boolean().optional(),
            when: t.timestamp({ zone: "Europe/Berlin" }).optional(),
            clean: t.string().clean("trim", "lowercase").optional(),
            number: t.integer().clean("coerce").default(7),
            r: t.record({ x: t.string(), deep: t.record({ y: t.float().optional() }) }).optional(),
          },
          { id: "id", time: "at", key: "name", undeclared },
        ),
      ],
    }).plan,
  )[0]!;

/** Text of a JSON value, mostly what a field wants, with all the ways in which it may be odd. */
class Generator {
  readonly #random: Random;
  /** Chance that a value is odd. */
  readonly #wild: number;
  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#wild = [0, 0.01, 0.03, 0.3, 1][this.#random.integer(5)]!;
  }
  chance(of: number): boolean {
    return this.#random.next() < of;
  }
  pick<T>(...of: readonly T[]): T {
    return of[this.#random.integer(of.length)]!;
  }
  space(): string {
    return this.chance(0.9) ? "" : this.pick(" ", "\n", "\t ", "\r\n");
  }
  text(): string {
    if (!this.chance(this.#wild))
      return this.pick(
        '"a"',
        '"shop é 日本"',
        '"with \\" quotes \\/"',
        `"${"long ".repeat(40)}"`,
        '""',
      );
    const parts = Array.from({ length: this.#random.integer(4) }, () =>
      this.pick(
        "a",
        "Bb",
        " ",
        "é",
        "日本",
        "😀",
        "\\n",
        '\\"',
        "\\/",
        "\\u0041",
        "\\ud83d\\ude00",
        "x".repeat(70),
      ),
    );
    if (this.chance(0.02)) parts.push(this.pick("\\ud800", "\\x", "\n", "\\"));
    return `"${parts.join("")}"`;
  }
  number(): string {
    if (!this.chance(this.#wild)) return this.pick("0", "1", "-17", "99999", "1.0");
    return this.pick(
      "0",
      "-0",
      "1",
      "-17",
      "12.5",
      "0.1",
      "-3.1400",
      "1e3",
      "1E-2",
      "123456789012345678",
      "9007199254740993",
      "99999999999999.9999",
      "999999999999999.1",
      "0.00001",
      "1.0",
      "5.0000",
      "007",
      "+1",
      "-",
      "1.",
      ".5",
      "1e",
      "1e400",
      String(this.#random.next() * 1e6),
      String(this.#random.integer(1e9)),
      "9223372036854775808",
      "-9223372036854775808",
    );
  }
  time(): string {
    if (!this.chance(this.#wild))
      return this.pick('"2026-03-01T11:59:59Z"', '"2026-02-28T23:59:59.1234+05:30"');
    return this.pick(
      '"2026-03-01T11:59:59Z"',
      '"2026-03-01T11:59:59.123456Z"',
      '"2026-03-01T12:30:00+01:00"',
      '"2026-03-01t11:00:00z"',
      '"2026-03-01 11:00:00Z"',
      '"2026-03-01T11:00:00"',
      '"2026-02-29T00:00:00Z"',
      '"2026-03-01T11:59:60Z"',
      '"2026-03-01T12:01:59Z"',
      '"2026-03-01T13:00:00Z"',
      '"2026-03-05T13:00:00Z"',
      '"1970-06-01T00:00:00Z"',
      '"2026-03-01T11:59:59.Z"',
      "1772366399000",
      "1772366399",
      '"0000-01-01T00:00:00Z"',
      '"2026-03-01T24:00:00Z"',
      '"2026-03-01T11:59:59-00:00"',
      '"2026-13-01T00:00:00Z"',
    );
  }
  any(depth = 0): string {
    if (depth < 4 && this.chance(0.3)) {
      const n = this.#random.integer(4);
      return this.chance(0.5)
        ? `[${Array.from({ length: n }, () => this.space() + this.any(depth + 1) + this.space()).join(",")}]`
        : this.object(Array.from({ length: n }, () => [this.text(), this.any(depth + 1)] as const));
    }
    return this.pick(
      "null",
      "true",
      "false",
      this.chance(this.#wild / 5) ? "nul" : "1",
      this.text(),
      this.text(),
      this.number(),
      this.time(),
    );
  }
  object(members: readonly (readonly [string, string])[]): string {
    const s = (): string => this.space();
    const inner = members
      .map(([key, value]) => `${s()}${key}${s()}:${s()}${value}${s()}`)
      .join(",");
    return `{${inner}${this.chance(0.005) ? "," : ""}}`;
  }
  or(usual: string): string {
    return this.chance(this.#wild / 10) ? this.any() : usual;
  }
  event(): string {
    const members: (readonly [string, string])[] = [];
    const add = (key: string, of: number, value: () => string): void => {
      while (this.chance(of)) {
        members.push([`"${key}"`, this.or(value())]);
        if (!this.chance(this.#wild / 50)) break;
      }
    };
    add("id", 0.98, () =>
      this.pick(
        '"e-1"',
        '"0190a5a0-aaaa-7bbb-8ccc-123456789abc"',
        `"${"é".repeat(this.chance(this.#wild) ? 100 : 60)}"`,
      ),
    );
    add("at", 0.98, () =>
      this.pick('"2026-03-01T11:59:59.5Z"', '"2026-03-01T11:00:00+02:00"', this.time()),
    );
    add("name", 0.6, () => this.text());
    add("kind", 0.6, () => this.pick('"a"', '"bb"', '""', this.text()));
    add("n", 0.6, () => this.number());
    add("d", 0.6, () =>
      this.chance(this.#wild)
        ? this.pick('"+5"', '""', '"-"', "12345.67891")
        : this.pick(this.number(), '"12.34"', "-0.5"),
    );
    add("w", 0.97, () => this.pick("1", "0.5", "-7.25", this.number()));
    add("f", 0.6, () => this.number());
    add("b", 0.6, () => this.pick("true", "false"));
    add("when", 0.6, () => this.time());
    add("clean", 0.6, () =>
      this.pick('"plain"', '"clean enough"', this.chance(this.#wild) ? '" Trim"' : '"ok"'),
    );
    add("number", 1 - this.#wild / 3, () =>
      this.chance(this.#wild) ? this.pick('"12"', "null") : "1",
    );
    add("r", 0.6, () => {
      const inner: (readonly [string, string])[] = [];
      if (!this.chance(this.#wild / 5)) inner.push(['"x"', this.or('"y"')]);
      if (this.chance(0.4)) inner.push(['"extra"', this.any()]);
      if (this.chance(0.6)) {
        const deep = [
          ['"y"', this.or("1.5")] as const,
          ...(this.chance(0.3) ? [['"z"', this.any()] as const] : []),
        ];
        inner.push(['"deep"', this.or(this.object(deep))]);
      }
      if (this.chance(0.2)) inner.push(['"more"', this.any()]);
      return this.object(inner);
    });
    add("sent_at", 0.1, () => this.time());
    for (let n = this.#random.integer(3); n > 0; n--) {
      members.splice(this.#random.integer(members.length + 1), 0, [
        this.pick('"u1"', '"u2"', '"__proto__"', this.text()),
        this.any(),
      ]);
    }
    return this.space() + this.object(members);
  }
}

interface Staged {
  readonly row: string;
  readonly time: number;
  readonly original: number;
  readonly parts: readonly number[];
}

function stagedOf(stage: Stage): Staged {
  const start = stage.startAt[0]!;
  return {
    row: stage.bytes.toString("hex", start + 18, stage.originalEnd[0]),
    time: stage.time[0]!,
    original: stage.timeOriginal[0]!,
    parts: [
      stage.leavesEnd[0]!,
      stage.undeclaredEnd[0]!,
      stage.originalEnd[0]!,
      ...stage.columnAt.subarray(0, stage.columns),
    ],
  };
}

for (const undeclared of ["keep", "drop", "refuse"] as const) {
  test(`the fast path stages what the exact path stages, or asks (undeclared: ${undeclared})`, () => {
    const topic = topicOf(undeclared);
    const scanner = new TopicScanner(topic, () => "made");
    let fast = 0;
    let exact = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = new Generator(seed).event().trimStart();
        const bytes = Buffer.from(text);
        const arrival = {
          nowMs: NOW,
          sentAt: seed % 5 === 0 ? NOW + 30_000 : Number.NaN,
          flags: 0,
        };
        const first = new Stage(topic.leaves.length);
        scanner.use(first);
        const end = scanner.tryFast(bytes, 0, bytes.length, 0, arrival);
        const second = new Stage(topic.leaves.length);
        scanner.use(second);
        const node = parseJson(bytes, 0, bytes.length, EVENT_BOUNDS);
        const problem =
          node.kind === "failure" ? node : scanner.exact.write(bytes, node, 0, arrival);
        if (problem === undefined) exact++;
        else assert.equal(second.rows, 0);
        if (end === ASK) return void assert.equal(first.rows, 0);
        fast++;
        assert.equal(problem, undefined, `${JSON.stringify(problem)} of ${text}`);
        assert.equal(end, bytes.length);
        assert.deepEqual(stagedOf(first), stagedOf(second), text);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    console.log(`  fast ${fast}, exact ${exact} of ${RUNS}`);
    assert.ok(undeclared === "refuse" ? fast > 0 : fast > RUNS / 5, "the fast path is taken");
    assert.ok(exact >= fast);
  });
}

test("the parser takes what JSON.parse takes, and gives the same value", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, mutate) => {
      const generator = new Generator(seed);
      let text = generator.any();
      if (mutate) {
        const at = Math.abs(seed) % (text.length + 1);
        text =
          text.slice(0, at) +
          generator.pick("{", "]", '"', ",", "\\", "1", "") +
          text.slice(at + 1);
      }
      const bytes = Buffer.from(text);
      const node = parseJson(bytes, 0, bytes.length, { depthMax: 64, keysMax: 1000 });
      let expected: unknown;
      try {
        expected = JSON.parse(bytes.toString());
      } catch {
        assert.equal(node.kind, "failure", text);
        return;
      }
      if (node.kind === "failure") assert.match(node.message, /twice|surrogate/, text);
      else assert.deepEqual(valueOf(node), expected);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

function valueOf(node: Exclude<ReturnType<typeof parseJson>, { kind: "failure" }>): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries([...node.members].map(([key, { value }]) => [key, valueOf(value)]));
    case "array":
      return node.items.map(valueOf);
    case "string":
      return node.text;
    case "number":
      return Number(node.text);
    case "boolean":
      return node.value;
    case "null":
      return null;
  }
}
