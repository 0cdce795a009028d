/**
 * The same requests to our registry and to a real one, in order: status, error code and body must
 * be the same, or the difference is on the list with its reason; a listed one must be there.
 * Messages aren't compared.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { engineSuite } from "../../../engines/engine-test.ts";
import { openEmbeddedRegistry } from "../../storage/registry/embedded/embedded-registry.ts";
import { startRegistryServer } from "./registry-server.fixture.ts";

/** `$` stands for a prefix of subjects that nobody else uses, `#1` for the first id that was given. */
interface Step {
  readonly ask: string;
  readonly body?: unknown;
  /** Why the answers are not the same. */
  readonly differs?: string;
}

const avro = (...fields: object[]) => ({
  schema: JSON.stringify({ type: "record", name: "Event", fields }),
});
const id = { name: "id", type: "string" };
const optional = (name: string) => ({ name, type: ["null", "string"], default: null });
const price = (scale: number) => ({
  name: "price",
  type: { type: "bytes", logicalType: "decimal", precision: 18, scale },
});
const place = {
  schema: `{"type":"record","name":"Place","fields":[{"name":"city","type":"string"}]}`,
};
const visit = (version: number) => ({
  ...avro(id, { name: "at", type: "Place" }),
  references: [{ name: "Place", subject: "$place", version }],
});
const json = { schemaType: "JSON", schema: `{"type":"object","properties":{"a":{}}}` };

/** What ours says wherever it shows a schema, and Apicurio doesn't. */
const SAID_BY_US_ALONE: Readonly<Record<string, string>> = {
  guid: "Confluent's newer versions give it; clients can do without",
  schemaType: "Apicurio leaves AVRO out; some clients can't do without",
  deleted: "Confluent's newer versions say so of what is softly deleted",
};
/** Registering answers with the id; ours, as Confluent's newer versions, with all of the version. */
const SAID_OF_REGISTERED = ["subject", "version", "schema", "schemaType", "references", "metadata"];

const SCHEMAS = "Apicurio gives the texts alone, of everything; ours all of each version";
const NO_VERSION = "Apicurio: not found (40402); ours as Confluent: not a version (42202)";
const NORMALIZE = "Apicurio also tells the subject's normalize; ours takes it with each request";
const INHERITED = "Apicurio shows what all subjects have where one has nothing of its own";
const SOFTLY_DELETED = "for Apicurio a softly deleted schema still refers to others";
const STATUS = "the code is the same, but Apicurio's status is 409; ours as Confluent's 404";
const IMPORT = "ids are given by the registry alone: ours has no mode IMPORT";
const METADATA = "Apicurio's Confluent API drops metadata in silence";

const GROUPS: Readonly<Record<string, readonly Step[]>> = {
  "what there is": [
    { ask: "GET /schemas/types", differs: "no Protobuf in ours" },
    { ask: "GET /contexts", differs: `Apicurio writes ":.:", Confluent "."` },
    { ask: "GET /nowhere", differs: "Apicurio's body is empty" },
    { ask: "PATCH /subjects", differs: "Apicurio's body is empty" },
  ],
  registering: [
    { ask: "POST /subjects/$a", body: avro(id) },
    { ask: "POST /subjects/$a/versions", body: avro(id) },
    { ask: "POST /subjects/$b/versions", body: avro(id) },
    { ask: "POST /subjects/$a/versions", body: avro(id) },
    { ask: "POST /subjects/$a/versions", body: avro(id, optional("x")) },
    { ask: "POST /subjects/$a%2Fslash/versions", body: avro(id) },
    { ask: "GET /subjects/$a%2Fslash/versions" },
    { ask: "POST /subjects/$json/versions", body: json },
    { ask: "GET /subjects/$json/versions/1" },
    { ask: "POST /subjects/$a", body: avro(id) },
    { ask: "POST /subjects/$a", body: avro(id, optional("unknown")) },
    { ask: "POST /subjects/$a?normalize=true", body: avro({ ...id, doc: "who" }) },
    {
      ask: "POST /subjects/$a",
      body: avro({ ...id, doc: "who" }),
      differs: "Apicurio never looks at doc; ours only overlooks it when asked to normalise",
    },
    { ask: "POST /subjects/$a/versions?normalize=true", body: avro({ ...id, doc: "who" }) },
    { ask: "POST /subjects/$bad/versions", body: { schema: "{}" } },
    {
      ask: "POST /subjects/$bad/versions",
      body: {},
      differs: "Apicurio fails on a missing schema",
    },
    { ask: "POST /subjects/$bad/versions", body: "{", differs: "Apicurio answers with a text" },
    { ask: "POST /subjects/$bad/versions", body: { schemaType: "PROTOBUF", schema: "x" } },
  ],
  reading: [
    { ask: "GET /subjects?subjectPrefix=$&limit=99999" },
    { ask: "GET /subjects?subjectPrefix=:*:$&limit=99999" },
    { ask: "GET /schemas?subjectPrefix=$a", differs: SCHEMAS },
    { ask: "GET /schemas?subjectPrefix=$a&latestOnly=true", differs: SCHEMAS },
    { ask: "GET /subjects/$a/versions" },
    { ask: "GET /subjects/$none/versions" },
    { ask: "GET /subjects/$a/versions/1" },
    { ask: "GET /subjects/$a/versions/latest" },
    { ask: "GET /subjects/$a/versions/-1" },
    { ask: "GET /subjects/$a/versions/99" },
    { ask: "GET /subjects/$a/versions/0", differs: NO_VERSION },
    { ask: "GET /subjects/$a/versions/first", differs: NO_VERSION },
    { ask: "GET /subjects/$none/versions/1" },
    { ask: "GET /subjects/$a/versions/1/schema" },
    { ask: "GET /subjects/$a/versions/1/referencedby" },
    { ask: "GET /schemas/ids/#1" },
    { ask: "GET /schemas/ids/#1?subject=$a" },
    { ask: "GET /schemas/ids/#1/schema" },
    { ask: "GET /schemas/ids/99999999" },
    { ask: "GET /schemas/ids/one", differs: "Apicurio's body is empty" },
  ],
  levels: [
    {
      ask: "GET /config/$level",
      differs:
        "Apicurio: the subject is unknown (40401); ours as Confluent: it has no level (40408)",
    },
    { ask: "PUT /config/$level", body: { compatibility: "FULL" }, differs: NORMALIZE },
    { ask: "GET /config/$level" },
    { ask: "PUT /config/$level", body: { compatibility: "SIDEWARD" } },
    {
      ask: "PUT /config/$level",
      body: { compatibility: "FULL", alias: "other" },
      differs: "Apicurio overlooks alias; ours refuses what it wouldn't do",
    },
    { ask: "POST /subjects/$level/versions", body: avro(id) },
    { ask: "POST /subjects/$level/versions", body: avro(id, { name: "n", type: "int" }) },
    { ask: "POST /subjects/$level/versions", body: avro(id, price(2)) },
    { ask: "DELETE /config/$level" },
    { ask: "DELETE /config/$level", differs: INHERITED },
    { ask: "PUT /config/$price", body: { compatibility: "BACKWARD" }, differs: NORMALIZE },
    { ask: "POST /subjects/$price/versions", body: avro(id, price(2)) },
    {
      ask: "POST /compatibility/subjects/$price/versions/latest",
      body: avro(id, price(2), { name: "n", type: "int" }),
    },
    {
      ask: "POST /compatibility/subjects/$price/versions",
      body: avro(id, price(2), { name: "n", type: "int" }),
    },
    {
      ask: "POST /compatibility/subjects/$price/versions/1",
      body: avro(id, price(2), optional("n")),
    },
    { ask: "POST /compatibility/subjects/$price/versions/99", body: avro(id) },
    { ask: "POST /compatibility/subjects/$none/versions/latest", body: avro(id) },
    { ask: "POST /compatibility/subjects/$none/versions/1", body: avro(id) },
  ],
  modes: [
    { ask: "GET /mode/$mode", differs: INHERITED },
    { ask: "GET /mode/$mode?defaultToGlobal=true" },
    { ask: "PUT /mode/$mode", body: { mode: "READONLY" } },
    { ask: "GET /mode/$mode" },
    {
      ask: "POST /subjects/$mode/versions",
      body: avro(id),
      differs: "Apicurio keeps modes without going by them",
    },
    {
      ask: "PUT /mode/$mode",
      body: { mode: "SIDEWARD" },
      differs: "Apicurio has no code of its own for a wrong mode",
    },
    { ask: "DELETE /mode/$mode" },
    { ask: "POST /subjects/$mode/versions", body: avro(id) },
  ],
  references: [
    { ask: "POST /subjects/$place/versions", body: place },
    { ask: "POST /subjects/$visit/versions", body: visit(1) },
    { ask: "POST /subjects/$visit/versions", body: visit(99) },
    { ask: "GET /subjects/$visit/versions/1" },
    { ask: "GET /subjects/$place/versions/1/referencedby" },
    { ask: "DELETE /subjects/$place/versions/1" },
    { ask: "DELETE /subjects/$place" },
    { ask: "DELETE /subjects/$visit" },
    { ask: "GET /subjects/$place/versions/1/referencedby", differs: SOFTLY_DELETED },
    { ask: "DELETE /subjects/$place", differs: SOFTLY_DELETED },
  ],
  deleting: [
    { ask: "DELETE /subjects/$none" },
    { ask: "DELETE /subjects/$none/versions/1" },
    { ask: "DELETE /subjects/$a/versions/99" },
    { ask: "DELETE /subjects/$a/versions/1?permanent=true", differs: STATUS },
    { ask: "DELETE /subjects/$a/versions/1" },
    { ask: "DELETE /subjects/$a/versions/1", differs: STATUS },
    { ask: "GET /subjects/$a/versions" },
    { ask: "GET /subjects/$a/versions?deleted=true" },
    { ask: "GET /subjects/$a/versions?deletedOnly=true" },
    { ask: "GET /subjects/$a/versions/1" },
    { ask: "GET /subjects/$a/versions/1?deleted=true" },
    { ask: "POST /subjects/$a", body: avro(id) },
    { ask: "POST /subjects/$a?deleted=true", body: avro(id) },
    { ask: "GET /schemas/ids/#1" },
    { ask: "POST /subjects/$a/versions", body: avro(id) },
    { ask: "GET /subjects/$a/versions" },
    { ask: "DELETE /subjects/$a?permanent=true", differs: STATUS },
    {
      ask: "DELETE /subjects/$a",
      differs: "Apicurio gives versions that were deleted before, too",
    },
    { ask: "DELETE /subjects/$a" },
    { ask: "GET /subjects/$a/versions" },
    { ask: "GET /subjects?subjectPrefix=$a&deletedOnly=true&limit=99999" },
    { ask: "DELETE /subjects/$a?permanent=true" },
    { ask: "GET /subjects?subjectPrefix=$a&deleted=true&limit=99999" },
    { ask: "POST /subjects/$a/versions", body: avro(id) },
    {
      ask: "GET /subjects/$a/versions",
      differs: "Apicurio gives version 1 again after a deletion for good; ours never does",
    },
  ],
  "what only one of them does": [
    {
      ask: "POST /subjects/$price/versions",
      body: avro(id, price(4)),
      differs: "Apicurio doesn't look at the scale: a reader would read 0.0001 as 0.01",
    },
    { ask: "PUT /mode/$import", body: { mode: "IMPORT" }, differs: IMPORT },
    { ask: "POST /subjects/$import/versions", body: { ...avro(id), id: 7 }, differs: IMPORT },
    {
      ask: "POST /subjects/$owned/versions",
      body: { ...avro(id), metadata: { properties: {} } },
      differs: METADATA,
    },
    { ask: "GET /subjects/$owned/versions/1", differs: METADATA },
  ],
};

/** One registry, as its answers are compared: ids by when they were first seen, no prefix. */
class Registry {
  readonly #url: string;
  readonly #prefix = `${randomUUID()}.`;
  readonly #ids: number[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async ask({ ask, body }: Step): Promise<{ status: number; body: unknown }> {
    const [method = "", target = ""] = this.#in(ask).split(" ");
    const sent = typeof body === "string" ? body : JSON.stringify(body);
    const reply = await fetch(this.#url + target, {
      method,
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      ...(body === undefined ? {} : { body: this.#in(sent) }),
    });
    const text = (await reply.text()).replaceAll(this.#prefix, "$");
    // Others use the shared registry, too, and it overlooks `subjectPrefix`.
    const [, prefix] = /^GET \/subjects\?subjectPrefix=(?::\*:)?([^&]*)/.exec(ask) ?? [];
    const value = parse(text);
    const isListed = (each: unknown): boolean => String(each).startsWith(prefix ?? "");
    const own = prefix !== undefined && Array.isArray(value) ? value.filter(isListed) : value;
    const key = target.endsWith("/referencedby") ? "ids" : "";
    return { status: reply.status, body: this.#comparable(own, key) };
  }

  #in(text: string): string {
    const id = (_: string, place: string): string => String(this.#ids[Number(place) - 1]);
    return text.replace(/(?<=\/ids\/)#(\d+)/, id).replaceAll("$", this.#prefix);
  }

  #comparable(value: unknown, key = ""): unknown {
    const inner = key === "ids" ? "id" : "";
    if (Array.isArray(value)) return value.map((each) => this.#comparable(each, inner));
    if (key === "id" && typeof value === "number") return this.#place(value);
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).filter(
      ([name]) => name !== "message" && name !== "messages",
    );
    return Object.fromEntries(
      fields.toSorted().map(([name, each]) => [name, this.#comparable(each, name)]),
    );
  }

  #place(id: number): string {
    if (!this.#ids.includes(id)) this.#ids.push(id);
    return `#${this.#ids.indexOf(id) + 1}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Ours without what it alone says. */
function without(value: unknown, isAlone: (name: string, value: unknown) => boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => without(each, isAlone));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name, each]) => !isAlone(name, each));
  return Object.fromEntries(kept.map(([name, each]) => [name, without(each, isAlone)]));
}

await engineSuite("our registry beside Apicurio", ["registry"], ({ registry: { url } }) => {
  describe("our registry answers as Apicurio does", () => {
    const embedded = openEmbeddedRegistry(":memory:");
    const theirs = new Registry(url);
    const seen = new Set<string>();
    let server: Awaited<ReturnType<typeof startRegistryServer>>;
    let ours: Registry;

    before(async () => {
      server = await startRegistryServer(embedded);
      ours = new Registry(server.url);
    });
    after(async () => {
      await server.stop();
      await embedded.close();
    });

    for (const [group, steps] of Object.entries(GROUPS)) {
      describe(group, () => {
        for (const step of steps) {
          const { ask, body, differs } = step;
          const what = `${ask} ${body === undefined ? "" : JSON.stringify(body).slice(0, 60)}`;
          test(differs === undefined ? what : `${what} (differs: ${differs})`, async () => {
            const their = await theirs.ask(step);
            const isRegistering = /^POST .*\/versions(\?|$)/.test(ask) && !ask.includes("compat");
            const our = without(await ours.ask(step), (name, value) => {
              const isAlone = name in SAID_BY_US_ALONE && value !== "JSON";
              if (isAlone) seen.add(name);
              return isAlone || (isRegistering && SAID_OF_REGISTERED.includes(name));
            });
            if (differs === undefined) assert.deepEqual(our, their);
            else assert.notDeepEqual(our, their, "no difference any more: take it off the list");
          });
        }
      });
    }

    test("what ours says alone is still said", () => {
      assert.deepEqual([...seen].toSorted(), Object.keys(SAID_BY_US_ALONE).toSorted());
    });
  });
});
