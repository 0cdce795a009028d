import assert from "node:assert/strict";
import { test } from "node:test";
import { FUNCTIONS } from "./functions.ts";

const cases: readonly (readonly [url: string, path: string | null, host: string | null])[] = [
  ["https://shop.example/a/b?c=1", "/a/b", "shop.example"],
  ["https://shop.example", "/", "shop.example"],
  ["https://shop.example?x=/y", "/", "shop.example"],
  ["http://SHOP.example:80/#/route", "/", "shop.example"],
  ["//cdn.example/x", "/x", "cdn.example"],
  ["/only/path?q", "/only/path", null],
  ["ftp://user:p@w@host.example/f", "/f", "host.example"],
  ["http://[::1]:8080/v6", "/v6", "[::1]"],
  ["mailto:ann@example.org", null, null],
  ["relative/path", null, null],
  ["https:///nohost", "/nohost", null],
  ["", null, null],
  ["https://müller.example/ä", "/ä", "müller.example"],
];

for (const [url, path, host] of cases) {
  test(`path and host of ${JSON.stringify(url)}`, () => {
    assert.equal(FUNCTIONS.path([url]), path);
    assert.equal(FUNCTIONS.host([url]), host);
  });
}

test("query parameters: the first, decoded; what is malformed as it is", () => {
  const of = (url: string, name: string) => FUNCTIONS.queryParameter([url, name]);
  assert.equal(of("/x?a=1&a=2", "a"), "1");
  assert.equal(of("/x?a%20b=c%26d", "a b"), "c&d");
  assert.equal(of("/x?a=%zz", "a"), "%zz");
  assert.equal(of("/x?flag", "flag"), "");
  assert.equal(of("/x#?a=1", "a"), null);
  assert.equal(of("/x", "a"), null);
});
