import { MillraceError } from "../../../core/errors.ts";
import { checkCompatibility } from "../../../language/schema/compatibility/check-compatibility.ts";
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
} from "../../../language/schema/compatibility/compatibility-level.ts";
import type { Incompatibility } from "../../../language/schema/compatibility/incompatibility.ts";
import type { ParsedSchema } from "../../../language/schema/compatibility/schema-source.ts";
import { readOnly, refuseIncompatible } from "../registry-refusals.ts";
import {
  REGISTRY_DEFAULTS,
  type DeleteRefusal,
  type DeleteResult,
  type RegisteredSchema,
  type RegisterOptions,
  type Registry,
  type RegistrySettingsChange,
  type SchemaText,
  type SchemaVersion,
} from "../registry.ts";
import { schemaFingerprints } from "../schema-fingerprints.ts";
import { ConfluentReader, settingPath } from "./confluent-reader.ts";
import { ConfluentRest, pathOf, unexpected, type RegistryConnection } from "./confluent-rest.ts";

/** Opens a registry that others run. Nothing is sent yet. */
export function openConfluentRegistry(connection: RegistryConnection): Registry {
  return new ConfluentRegistry(new ConfluentRest(connection));
}

/** What Confluent's registry answers: there is no such subject, what is sent can't be read, … */
const CODES = { subject: 40401, invalid: 42201, forbidden: 42205 };

const DELETE_REFUSALS: Readonly<Record<number, DeleteRefusal>> = {
  40401: "subject-unknown",
  40402: "version-unknown",
  40404: "already-deleted",
  40406: "already-deleted",
  40405: "not-deleted",
  40407: "not-deleted",
  42206: "referenced",
};

/**
 * The `Registry` port over Confluent's REST API.
 *
 * Servers differ in what they take for one schema and in what they call compatible: none looks at
 * a decimal's scale. So what is one schema, and what breaks a level, is told here, by the same code
 * as in the embedded registry, and the server has its say after that: it refuses what it doesn't
 * like, too.
 *
 * Registering is atomic in the server, as far as the server compares. Of two that register at once
 * and differ in a scale only, the later one finds out after it registered, deletes its version
 * softly, and fails.
 */
class ConfluentRegistry extends ConfluentReader implements Registry {
  async register(
    subject: string,
    schema: SchemaText,
    { normalize = false }: RegisterOptions = {},
  ): Promise<RegisteredSchema> {
    const parsed = await this.parse(schema);
    const there = await this.#find(subject, schema, parsed, { normalize });
    if (there !== undefined) return there;
    await this.#refuseReadOnly(subject);
    const before = await this.#registered(subject);
    refuseIncompatible(subject, await this.#compare(subject, parsed, before));
    const registered = await this.#send(subject, schema);
    const now = await this.#registered(subject);
    const earlier = now.filter(({ version }) => version < registered.version);
    const known = new Set(before.map(({ version }) => version));
    if (earlier.some(({ version }) => !known.has(version))) {
      const broken = await this.#compare(subject, parsed, earlier);
      if (broken.length > 0) await this.deleteVersion(subject, registered.version, false);
      refuseIncompatible(subject, broken);
    }
    return registered;
  }

  async lookup(
    subject: string,
    schema: SchemaText,
    options: RegisterOptions & { readonly deleted?: boolean } = {},
  ): Promise<RegisteredSchema | undefined> {
    return this.#find(subject, schema, await this.parse(schema), options);
  }

  async check(
    subject: string,
    version: SchemaVersion | "all",
    schema: SchemaText,
  ): Promise<readonly Incompatibility[]> {
    const parsed = await this.parse(schema);
    const one = version === "all" ? undefined : await this.version(subject, version);
    const earlier =
      version === "all" ? await this.#registered(subject) : one === undefined ? [] : [one];
    const broken = await this.#compare(subject, parsed, earlier);
    if (broken.length > 0 || earlier.length === 0) return broken;
    const path = pathOf("compatibility", "subjects", subject, "versions");
    // Without a version, some servers compare with all of them, whatever the level.
    const at = version === "all" && !isTransitive(await this.#level(subject)) ? "latest" : version;
    const reply = await this.rest.ask("POST", at === "all" ? path : path + pathOf(at), {
      query: { verbose: true },
      body: bodyOf(schema),
    });
    if (!reply.ok) throw this.#refusal("compare the schema", reply);
    const said = reply.value as { is_compatible?: unknown; messages?: readonly string[] };
    if (said.is_compatible !== false) return [];
    return [refusedByServer(earlier.at(-1)!.version, (said.messages ?? []).join("; "))];
  }

  async deleteVersion(
    subject: string,
    version: SchemaVersion,
    permanent: boolean,
  ): Promise<DeleteResult> {
    const every = await this.versions(subject, "include");
    if (every.length === 0) return { ok: false, reason: "subject-unknown" };
    const number = version === "latest" ? every.at(-1)! : version;
    if (!every.includes(number)) return { ok: false, reason: "version-unknown" };
    return this.#delete(subject, pathOf("versions", number), permanent, [number]);
  }

  async deleteSubject(subject: string, permanent: boolean): Promise<DeleteResult> {
    const versions = await this.versions(subject, permanent ? "include" : "exclude");
    return this.#delete(subject, "", permanent, versions);
  }

  async configure(
    subject: string | undefined,
    { level, mode }: RegistrySettingsChange,
  ): Promise<void> {
    if (level !== undefined) {
      await this.#set(settingPath("config", subject), level && { compatibility: level });
    }
    if (mode !== undefined) {
      // The mode of all subjects can't be taken away, only set.
      const wanted = subject === undefined ? (mode ?? REGISTRY_DEFAULTS.mode) : mode;
      await this.#set(settingPath("mode", subject), wanted && { mode: wanted });
    }
  }

  /** Registers a schema that isn't a version yet; the server decides at once on what it compares. */
  async #send(subject: string, schema: SchemaText): Promise<RegisteredSchema> {
    const path = pathOf("subjects", subject, "versions");
    const reply = await this.rest.ask("POST", path, { body: bodyOf(schema) });
    if (!reply.ok) throw this.#refusal(`register a schema of ${subject}`, reply, subject);
    const { id } = reply.value as { id: number };
    for (const version of (await this.versions(subject, "exclude")).toReversed()) {
      const found = await this.version(subject, version);
      if (found?.id === id) return found;
    }
    throw new MillraceError(
      "REGISTRY_UNAVAILABLE",
      `The schema registry gave id ${id} to a schema of ${JSON.stringify(subject)}, but no version`,
      { hint: "see whether someone deletes the subject at the same time" },
    );
  }

  /** The newest version that is this schema; one that isn't deleted goes before. */
  async #find(
    subject: string,
    schema: SchemaText,
    parsed: ParsedSchema,
    { normalize = false, deleted = false }: RegisterOptions & { readonly deleted?: boolean },
  ): Promise<RegisteredSchema | undefined> {
    const wanted = schemaFingerprints(schema, parsed);
    const hint = await this.#hint(subject, schema, normalize);
    if (hint === "no-subject" && !deleted) return undefined;
    if (typeof hint === "object") {
      const { identity } = await this.fingerprints(hint);
      if (identity === wanted.identity) return hint;
    }
    const alive = await this.versions(subject, "exclude");
    const gone = deleted ? await this.versions(subject, "only") : [];
    let alike: RegisteredSchema | undefined;
    for (const version of [...alive.toReversed(), ...gone.toReversed()]) {
      const found = await this.version(subject, version, { deleted });
      if (found === undefined) continue;
      const { identity, canonical } = await this.fingerprints(found);
      if (identity === wanted.identity) return found;
      if (normalize && canonical === wanted.canonical) alike ??= found;
    }
    return alike;
  }

  /** What the server takes for this schema: one request where it agrees with us. */
  async #hint(
    subject: string,
    schema: SchemaText,
    normalize: boolean,
  ): Promise<RegisteredSchema | "no-subject" | "no-version"> {
    const path = pathOf("subjects", subject);
    const reply = await this.rest.ask("POST", path, {
      query: { normalize },
      body: bodyOf(schema),
    });
    if (!reply.ok) return reply.errorCode === CODES.subject ? "no-subject" : "no-version";
    const { version } = reply.value as { version: number };
    return this.withSubject(reply.value, subject, version, false);
  }

  async #registered(subject: string): Promise<readonly RegisteredSchema[]> {
    const found: RegisteredSchema[] = [];
    for (const version of await this.versions(subject, "exclude")) {
      const one = await this.version(subject, version);
      if (one !== undefined) found.push(one);
    }
    return found;
  }

  async #compare(
    subject: string,
    parsed: ParsedSchema,
    earlier: readonly RegisteredSchema[],
  ): Promise<readonly Incompatibility[]> {
    if (earlier.length === 0) return [];
    const level = await this.#level(subject);
    const needed = isTransitive(level) ? earlier : earlier.slice(-1);
    const schemas = [];
    for (const each of needed) {
      schemas.push({ version: each.version, schema: await this.parse(each) });
    }
    return checkCompatibility(level, parsed, schemas);
  }

  async #level(subject: string): Promise<CompatibilityLevel> {
    const { level } = await this.settings(subject);
    return level ?? (await this.settings(undefined)).level ?? REGISTRY_DEFAULTS.level;
  }

  async #refuseReadOnly(subject: string): Promise<void> {
    const { mode } = await this.settings(subject);
    if ((mode ?? (await this.settings(undefined)).mode) === "READONLY") throw readOnly(subject);
  }

  async #delete(
    subject: string,
    below: string,
    permanent: boolean,
    versions: readonly number[],
  ): Promise<DeleteResult> {
    await this.#refuseReadOnly(subject);
    const path = pathOf("subjects", subject) + below;
    const reply = await this.rest.ask("DELETE", path, { query: { permanent } });
    if (reply.ok) return { ok: true, versions };
    const reason = DELETE_REFUSALS[reply.errorCode];
    if (reason === undefined) throw this.#refusal(`delete from ${subject}`, reply, subject);
    return { ok: false, reason };
  }

  async #set(path: string, body: object | null): Promise<void> {
    const reply =
      body === null
        ? await this.rest.ask("DELETE", path)
        : await this.rest.ask("PUT", path, { body });
    if (reply.ok || (body === null && reply.status === 404)) return;
    throw this.#refusal("change a setting", reply);
  }

  #refusal(what: string, reply: Parameters<typeof unexpected>[1], subject = ""): MillraceError {
    if (reply.status === 409) {
      return new MillraceError(
        "SCHEMA_INCOMPATIBLE",
        `Subject ${JSON.stringify(subject)}: the schema registry refuses the schema: ${reply.message}`,
        { hint: SERVER_HINT },
      );
    }
    if (reply.errorCode === CODES.forbidden) return readOnly(subject);
    if (reply.errorCode !== CODES.invalid) return unexpected(what, reply);
    return new MillraceError(
      "SCHEMA_INVALID",
      `The schema registry can't read the schema: ${reply.message}`,
      { hint: "the registry's log may say more" },
    );
  }
}

const isTransitive = (level: CompatibilityLevel): boolean => COMPATIBILITY_LEVELS[level].transitive;

const SERVER_HINT = "The registry's own comparison refuses it: see its rules for this subject.";

const refusedByServer = (version: number, messages: string): Incompatibility => ({
  kind: "REFUSED_BY_REGISTRY",
  path: "",
  direction: "BACKWARD",
  version,
  message: `the schema registry calls it incompatible with version ${version}${messages && `: ${messages}`}`,
  hint: SERVER_HINT,
});

function bodyOf({ schemaType, schema, references, metadata, ruleSet }: SchemaText): object {
  return {
    schemaType,
    schema,
    ...(references !== undefined && { references }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as unknown }),
    ...(ruleSet !== undefined && { ruleSet: JSON.parse(ruleSet) as unknown }),
  };
}
