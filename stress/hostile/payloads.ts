import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

/** A body that means no good. */
export interface HostilePayload {
  readonly name: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Harmless if taken as it is: odd, but valid. */
  readonly mayBeAccepted?: true;
}

const TIME = "2026-03-01T11:59:59Z";

/** A valid event's members, some of them replaced by raw JSON text. */
function eventText(change: Readonly<Record<string, string>> = {}, extra = ""): string {
  const members: Record<string, string> = {
    event_id: '"hostile"',
    user_id: '"ann"',
    event_type: '"page_view"',
    timestamp: `"${TIME}"`,
    properties: '{"page_url":"https://shop.example/a"}',
    ...change,
  };
  const text = Object.entries(members).map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  return `{${text.join(",")}${extra}}`;
}

const text = (name: string, body: string, mayBeAccepted = false): HostilePayload => ({
  name,
  body: Buffer.from(body),
  ...(mayBeAccepted ? { mayBeAccepted } : {}),
});

const bytes = (name: string, ...body: number[]): HostilePayload => ({
  name,
  body: Buffer.from(body),
});

/** Every field of an event with every wrong type of value. */
function wrongTypes(): HostilePayload[] {
  const wrong: Record<string, readonly string[]> = {
    event_id: ["null", "1", "true", "[]", "{}", '""', `"${"i".repeat(129)}"`],
    user_id: ["1", "false", '["ann"]', '{"$gt":""}'],
    event_type: ["null", "0", '"drop table"', '"PAGE_VIEW"', "[]", '"page_view\\u0000"'],
    timestamp: [
      "null",
      "true",
      "[]",
      "{}",
      '""',
      '"now"',
      '"2026-03-01"',
      '"2026-03-01T11:59:59"',
      '"0000-00-00T00:00:00Z"',
      '"2026-02-30T00:00:00Z"',
      '"2026-03-01T25:00:00Z"',
      '"2026-03-01T11:60:00Z"',
      '"1970-01-01T00:00:00Z"',
      '"9999-12-31T23:59:59Z"',
      '"-2026-03-01T00:00:00Z"',
      '"+012026-03-01T00:00:00Z"',
      '"2026-03-01T11:59:59+99:00"',
      '"2026-03-01T11:59:59.Z"',
      "0",
      "-1",
      "1e308",
      "1772366399",
      "99999999999999999999",
      '"２０２６-03-01T11:59:59Z"',
      '"2026-03-09T00:00:00Z"',
      '"1969-12-31T23:59:59Z"',
    ],
    properties: [
      "1",
      '"text"',
      "[]",
      "true",
      '{"price":"12,50"}',
      '{"price":true}',
      '{"price":1e400}',
      '{"price":0.00001}',
      '{"price":99999999999999999999}',
      '{"price":"NaN"}',
      '{"price":"Infinity"}',
      '{"price":"0x10"}',
      '{"price":{}}',
      '{"device_type":"fridge"}',
      '{"location":1}',
      '{"location":[]}',
      '{"location":{"country":1}}',
      '{"page_url":1}',
    ],
    context: ["1", '"x"', "[]", '{"platform":"toaster"}', '{"app_version":1.2}'],
  };
  return Object.entries(wrong).flatMap(([field, values]) =>
    values.map((value) => text(`${field} = ${value.slice(0, 40)}`, eventText({ [field]: value }))),
  );
}

/** Text that is nearly JSON. */
function brokenJson(): HostilePayload[] {
  const whole = eventText();
  const cuts = [1, 2, 10, 25, 50, 80, whole.length - 1].map((at) =>
    text(`cut at ${at}`, whole.slice(0, at)),
  );
  const bodies = [
    "",
    " ",
    "\n\n",
    "null",
    "true",
    "1",
    '"text"',
    "nul",
    "undefined",
    "NaN",
    "-",
    "{",
    "}",
    "[",
    "]",
    "[1",
    "[1,]",
    "[,1]",
    "[{}",
    "{]",
    "[}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{,}",
    "{a:1}",
    "{'a':1}",
    '{"a":1 "b":2}',
    '{"a":1}}',
    '{"a":1}]',
    '{"a":1}{',
    '[{"a":1},]',
    '{"a":\u0001}',
    '{"a":"\n"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12"}',
    '{"a":"\\ud800"}',
    '{"a":01}',
    '{"a":1.}',
    '{"a":.1}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a":0x1}',
    '{"a":Infinity}',
    '{"a":-}',
    "/* c */ {}",
    "{} // c",
    "<xml/>",
    "a=1&b=2",
    "--boundary\r\n",
    "GET / HTTP/1.1",
    "\u2028{}",
    '{"a":1}\u0000',
    "[[]]",
    "[[[]]]",
    "[1,2,3]",
    '["a"]',
    "[null]",
    "{}",
    "[{}]",
    "{}\n{}\n{}",
    '{"batch":1}',
    '{"batch":[1,null,"x",[],{}]}',
    '{"batch":[{"type":"x"}]}',
    '{"batch":[{"type":"track","event":{}}]}',
    '{"batch":[{"type":"track"',
    '{"batch":{}}',
    '{"batch":[{"type":1}],"writeKey":{}}',
  ];
  return [
    ...cuts,
    ...bodies.map((body) => text(`broken ${JSON.stringify(body).slice(0, 40)}`, body)),
  ];
}

/** Bytes that aren't UTF-8, or another encoding of Unicode. */
function wrongBytes(): HostilePayload[] {
  const around = (name: string, ...inner: number[]): HostilePayload => ({
    name: `invalid UTF-8: ${name}`,
    body: Buffer.concat([
      Buffer.from(eventText({ user_id: '"ann"' }).slice(0, -1) + ',"x":"'),
      Buffer.from(inner),
      Buffer.from('"}'),
    ]),
  });
  return [
    around("lone continuation", 0x80),
    around("truncated", 0xe2, 0x82),
    around("overlong slash", 0xc0, 0xaf),
    around("overlong nul", 0xc0, 0x80),
    around("surrogate", 0xed, 0xa0, 0x80),
    around("beyond Unicode", 0xf4, 0x90, 0x80, 0x80),
    around("five bytes", 0xf8, 0x88, 0x80, 0x80, 0x80),
    around("fe ff", 0xfe, 0xff),
    around("latin-1", 0xe9),
    bytes("BOM only", 0xef, 0xbb, 0xbf),
    bytes("UTF-16 BOM", 0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00),
    { name: "UTF-16 event", body: Buffer.from(eventText(), "utf16le") },
    { name: "all bytes", body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) },
    { name: "nuls", body: Buffer.alloc(1000) },
    {
      name: "one bad line among good ones",
      body: Buffer.concat([
        Buffer.from(`${eventText()}\n{"x":"`),
        Buffer.from([0xff]),
        Buffer.from('"}\n'),
      ]),
      mayBeAccepted: true,
    },
  ];
}

/** Names that mean something to JavaScript, to SQL or to the pipeline itself. */
function namesThatMean(): HostilePayload[] {
  const names = [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "__defineGetter__",
    "length",
    "then",
    "toJSON",
    "_offset",
    "received_at",
    "_partition",
    "_flags",
    "_undeclared",
    "_original",
    "_time_original",
    "page_path",
    "properties.page_url",
    "_in_dim_users_by_user_id_or_anonymous_id",
    "$where",
    "'; DROP TABLE events; --",
    "`",
    "\\u0000",
    "a.b.c",
    "",
    " ",
    "💣",
  ];
  return names.map((name) =>
    text(`key ${name}`, eventText({}, `,"${name}":{"__proto__":{"polluted":true},"x":1}`), true),
  );
}

/** Too much of something. */
function tooMuch(): HostilePayload[] {
  const deep = (open: string, close: string, n: number): string => open.repeat(n) + close.repeat(n);
  return [
    ...[33, 100, 10_000, 1_000_000].map((n) => text(`${n} arrays`, deep("[", "]", n))),
    ...[33, 100, 100_000].map((n) => text(`${n} objects`, `${'{"a":'.repeat(n)}1${"}".repeat(n)}`)),
    ...[33, 1000, 60_000].map((n) =>
      text(`${n} deep inside`, eventText({}, `,"x":${deep("[", "]", n)}`)),
    ),
    text("open arrays only", "[".repeat(1_000_000)),
    text("open objects only", '{"a":'.repeat(500_000)),
    text(
      "2,000 keys",
      eventText({}, Array.from({ length: 2000 }, (_, n) => `,"k${n}":1`).join("")),
    ),
    text("400,000 keys", `{${Array.from({ length: 400_000 }, (_, n) => `"k${n}":1`).join(",")}}`),
    text("a long string", eventText({ user_id: `"${"x".repeat(300_000)}"` })),
    text("a long number", eventText({}, `,"n":${"9".repeat(300_000)}`)),
    text("a long decimal", eventText({ properties: `{"price":${"9".repeat(100_000)}}` })),
    text("a long fraction", eventText({ properties: `{"price":0.${"1".repeat(100_000)}}` })),
    text("a huge exponent", eventText({ properties: '{"price":1e999999999}' })),
    text("a tiny exponent", eventText({ properties: '{"price":1e-999999999}' })),
    text("a long key", eventText({}, `,"${"k".repeat(300_000)}":1`)),
    text("a million newlines", "\n".repeat(1_000_000)),
    text("a million commas", `[${",".repeat(1_000_000)}]`),
    text("a million quotes", '"'.repeat(1_000_000)),
    text("a million backslashes", `{"a":"${"\\".repeat(1_000_000)}"}`),
    text("a million open strings", '{"a":"\n'.repeat(140_000)),
    text("many events", Array.from({ length: 20_001 }, () => "{}").join("\n")),
    text("many empty objects", `[${"{},".repeat(30_000)}{}]`),
    text("many unicode escapes", eventText({}, `,"u":"${"\\u0041".repeat(40_000)}"`), true),
  ];
}

/** Keys that come twice, written in one way or in two. */
function duplicates(): HostilePayload[] {
  return [
    ',"event_id":"other"',
    ',"event_id":"hostile"',
    ',"timestamp":null',
    ',"\\u0065vent_id":"other"',
    ',"properties":{}',
    ',"x":1,"x":2',
    ',"x":1,"\\u0078":2',
    ',"x":{"y":1,"y":2}',
    ',"x":[{"y":1,"y":2}]',
    ',"":1,"":2',
  ].map((extra) => text(`duplicate ${extra}`, eventText({}, extra)));
}

const BOMB = Buffer.alloc(48 * 1024 * 1024, "[");

/** Compressed bodies that are broken, mislabelled or bombs. */
function compressed(): HostilePayload[] {
  const good = Buffer.from(eventText());
  const gz = gzipSync(good);
  const encoded = (name: string, encoding: string, body: Buffer, mayBeAccepted = false) => ({
    name: `${name} (${encoding})`,
    body,
    headers: { "content-encoding": encoding },
    ...(mayBeAccepted ? { mayBeAccepted: true as const } : {}),
  });
  const damaged = Buffer.from(gz);
  damaged[gz.length - 6]! ^= 0xff;
  return [
    encoded("bomb", "gzip", gzipSync(BOMB)),
    encoded("bomb", "zstd", zstdCompressSync(BOMB)),
    encoded("bomb", "br", brotliCompressSync(BOMB, { params: { 1: 1 } })),
    encoded("bomb", "deflate", deflateSync(BOMB)),
    encoded("bomb in a bomb", "gzip", gzipSync(gzipSync(BOMB))),
    encoded("truncated", "gzip", gz.subarray(0, gz.length - 9)),
    encoded("damaged", "gzip", damaged),
    encoded("magic only", "gzip", Buffer.from([0x1f, 0x8b])),
    encoded("twice", "gzip", gzipSync(gz)),
    encoded("not gzip at all", "gzip", good, true),
    encoded("not br at all", "br", good),
    encoded("not deflate at all", "deflate", good),
    encoded("zstd magic only", "zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])),
    encoded("an unknown coding", "compress, gzip;q=0", good, true),
    encoded("trailing garbage", "gzip", Buffer.concat([gz, Buffer.from("garbage")]), true),
  ];
}

/** All of them; the same on every run. */
export const hostilePayloads = (): HostilePayload[] => [
  ...wrongTypes(),
  ...brokenJson(),
  ...wrongBytes(),
  ...namesThatMean(),
  ...tooMuch(),
  ...duplicates(),
  ...compressed(),
];
