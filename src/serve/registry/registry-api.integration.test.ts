import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { createRegistryApi } from "./registry-api.ts";

const schema = (...fields: object[]) => ({
  schema: JSON.stringify({ type: "record", name: "E", fields }),
});
const id = { name: "id", type: "string" };

type Step = readonly [request: string, body: unknown, status: number, expected: unknown];

/** Runs requests in order against an empty registry. A number as expectation is an error code. */
async function run(steps: readonly Step[]): Promise<void> {
  const registry = openEmbeddedRegistry(":memory:");
  const api = createRegistryApi(registry, (error) => assert.fail(String(error)));
  for (const [request, body, status, expected] of steps) {
    const [method = "", target = ""] = request.split(" ");
    const url = new URL(target, "http://registry");
    const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
    const answer = await api({ method, path: url.pathname, query: url.searchParams, body: text });
    assert.equal(answer.status, status, `${request}: ${answer.body}`);
    assert.equal(answer.headers["content-type"], "application/vnd.schemaregistry.v1+json");
    const value = JSON.parse(answer.body) as unknown;
    if (typeof expected === "function") (expected as (value: unknown) => void)(value);
    else if (status < 400) assert.deepEqual(value, expected, request);
    else assert.equal((value as { error_code: number }).error_code, expected, request);
  }
  await registry.close();
}

const shows =
  (expected: Record<string, unknown>) =>
  (value: unknown): void =>
    assert.deepEqual({ ...(value as object), ...expected }, value);

describe("registry REST API", () => {
  it("answers about what is there", () =>
    run([
      ["GET /", undefined, 200, {}],
      ["GET /contexts", undefined, 200, ["."]],
      ["GET /schemas/types", undefined, 200, ["JSON", "AVRO"]],
      ["GET /subjects", undefined, 200, []],
      ["POST /subjects/a%2Fb/versions", schema(id), 200, shows({ id: 1, version: 1 })],
      ["POST /subjects/c/versions", schema(id), 200, shows({ id: 1, version: 1 })],
      ["GET /subjects?subjectPrefix=a", undefined, 200, ["a/b"]],
      ["GET /subjects/a%2Fb/versions", undefined, 200, [1]],
      ["GET /subjects/c/versions/-1", undefined, 200, shows({ subject: "c", schemaType: "AVRO" })],
      ["GET /subjects/c/versions/1/schema", undefined, 200, JSON.parse(schema(id).schema)],
      ["GET /schemas/ids/1", undefined, 200, shows(schema(id))],
      ["GET /schemas/ids/1/subjects", undefined, 200, ["a/b", "c"]],
      [
        "GET /schemas/ids/1/versions",
        undefined,
        200,
        [
          { subject: "a/b", version: 1 },
          { subject: "c", version: 1 },
        ],
      ],
      ["POST /subjects/c", schema(id), 200, shows({ id: 1, version: 1 })],
    ]));

  it("lists schemas, in all contexts", () => {
    const view = (subject: string, version: number) => (value: unknown) => {
      const shown = (value as { subject: string; version: number }[]).map(
        (each) => `${each.subject} ${each.version}`,
      );
      assert.deepEqual(shown, [`${subject} ${version}`]);
    };
    const next = schema(id, { name: "x", type: "string", default: "" });
    return run([
      ["POST /subjects/a/versions", schema(id), 200, shows({ version: 1 })],
      ["POST /subjects/a/versions", next, 200, shows({ version: 2 })],
      ["POST /subjects/b/versions", schema(id), 200, shows({ version: 1 })],
      ["GET /subjects?subjectPrefix=:*:", undefined, 200, ["a", "b"]],
      ["GET /subjects?subjectPrefix=:*:b", undefined, 200, ["b"]],
      ["GET /subjects?offset=1&limit=1", undefined, 200, ["b"]],
      ["GET /subjects/a/versions?offset=1", undefined, 200, [2]],
      ["GET /schemas?subjectPrefix=a&latestOnly=true", undefined, 200, view("a", 2)],
      ["GET /schemas?offset=1&limit=1", undefined, 200, view("a", 2)],
      ["GET /schemas?offset=2&limit=-1", undefined, 200, view("b", 1)],
      ["GET /schemas?limit=x", undefined, 422, 422],
    ]);
  });

  it("gives Confluent's error codes", () =>
    run([
      ["GET /nowhere", undefined, 404, 404],
      ["PATCH /subjects", undefined, 405, 405],
      ["GET /subjects/a/versions", undefined, 404, 40401],
      ["GET /subjects/a/versions/1", undefined, 404, 40401],
      ["DELETE /subjects/a", undefined, 404, 40401],
      ["POST /subjects/a", schema(id), 404, 40401],
      ["GET /schemas/ids/1", undefined, 404, 40403],
      ["GET /schemas/ids/x", undefined, 404, 40403],
      ["POST /subjects/a/versions", "{", 400, 400],
      ["POST /subjects/a/versions", {}, 422, 42201],
      ["POST /subjects/a/versions", { schema: "{}" }, 422, 42201],
      ["POST /subjects/a/versions", { schemaType: "PROTOBUF", schema: "x" }, 422, 42201],
      ["POST /subjects/a/versions", { ...schema(id), id: 7 }, 422, 42205],
      ["POST /subjects/%00/versions", schema(id), 422, 42208],
      ["GET /subjects/%zz/versions", undefined, 400, 400],
      ["POST /subjects/a/versions", schema(id), 200, shows({ version: 1 })],
      ["POST /subjects/a", schema({ name: "x", type: "int" }), 404, 40403],
      ["GET /subjects/a/versions/0", undefined, 422, 42202],
      ["GET /subjects/a/versions/x", undefined, 422, 42202],
      ["GET /subjects/a/versions/2", undefined, 404, 40402],
      ["POST /subjects/a/versions", schema(id, { name: "n", type: "int" }), 409, 409],
      ["DELETE /subjects/a/versions/1?permanent=true", undefined, 404, 40407],
      ["DELETE /subjects/a/versions/1", undefined, 200, 1],
      ["DELETE /subjects/a/versions/1", undefined, 404, 40406],
      ["DELETE /subjects/a", undefined, 404, 40404],
      ["DELETE /subjects/a/versions/latest?permanent=true", undefined, 200, 1],
      ["GET /subjects?deleted=true", undefined, 200, []],
    ]));

  it("keeps levels and modes", () =>
    run([
      ["GET /config", undefined, 200, { compatibilityLevel: "BACKWARD" }],
      ["GET /config/a", undefined, 404, 40408],
      ["GET /config/a?defaultToGlobal=true", undefined, 200, { compatibilityLevel: "BACKWARD" }],
      ["PUT /config/a", { compatibility: "FULL" }, 200, { compatibility: "FULL" }],
      ["PUT /config", { compatibility: "SIDEWARD" }, 422, 42203],
      ["PUT /config", { compatibility: "NONE", alias: "b" }, 422, 422],
      ["DELETE /config/a", undefined, 200, { compatibilityLevel: "FULL" }],
      ["DELETE /config/a", undefined, 404, 40408],
      ["GET /mode", undefined, 200, { mode: "READWRITE" }],
      ["GET /mode/a", undefined, 404, 40409],
      ["PUT /mode/a", { mode: "IMPORT" }, 422, 42204],
      ["PUT /mode/a", { mode: "READONLY" }, 200, { mode: "READONLY" }],
      ["POST /subjects/a/versions", schema(id), 422, 42205],
      ["DELETE /mode/a", undefined, 200, { mode: "READONLY" }],
      ["POST /subjects/a/versions", schema(id), 200, shows({ version: 1 })],
    ]));

  it("says why a schema isn't compatible", () =>
    run([
      ["POST /compatibility/subjects/a/versions/latest", schema(id), 200, { is_compatible: true }],
      ["POST /compatibility/subjects/a/versions/1", schema(id), 404, 40402],
      ["POST /subjects/a/versions", schema(id), 200, shows({ version: 1 })],
      [
        "POST /compatibility/subjects/a/versions?verbose=true",
        schema(id, { name: "n", type: "int" }),
        200,
        {
          is_compatible: false,
          messages: [
            'FIELD_WITHOUT_DEFAULT (BACKWARD): field "n": version 1 has no field, the new schema has ' +
              "int without a default; so the new schema can't read data of version 1. Make the " +
              "field optional, or give it a default.",
          ],
        },
      ],
    ]));
});
