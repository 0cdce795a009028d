import type { SchemaType } from "../../language/schema/compatibility/schema-source.ts";
import type {
  RegisteredSchema,
  SchemaReference,
  SchemaText,
  SchemaVersion,
  StoredSchema,
} from "../../storage/registry/registry.ts";
import { RegistryRefusal } from "./registry-error.ts";

type Body = Readonly<Record<string, unknown>>;

const VERSION_MAX = 2 ** 31 - 1;
const SUBJECT_CHARACTERS_MAX = 249 + "-value".length;

/** A request's body as a JSON object. */
export function readBody(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RegistryRefusal("badRequest", "The body isn't JSON");
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Body;
  throw new RegistryRefusal("badRequest", "The body must be a JSON object");
}

/** The schema that a body holds: `{schema, schemaType?, references?, metadata?, ruleSet?}`. */
export function readSchema(text: string): SchemaText {
  const { schema, schemaType = "AVRO", references, metadata, ruleSet, id } = readBody(text);
  if (typeof schema !== "string" || schema.trim() === "") {
    throw new RegistryRefusal("invalidSchema", 'The body has no text under "schema"');
  }
  if (schemaType !== "AVRO" && schemaType !== "JSON") {
    throw new RegistryRefusal(
      "invalidSchema",
      `Schemas of type ${JSON.stringify(schemaType)} aren't supported: use AVRO or JSON`,
    );
  }
  if (typeof id === "number" && id > 0) {
    throw new RegistryRefusal("notPermitted", "The registry gives the ids: leave out id");
  }
  return {
    schema,
    schemaType: schemaType satisfies SchemaType,
    references: readReferences(references),
    ...(isPresent(metadata) ? { metadata: JSON.stringify(metadata) } : {}),
    ...(isPresent(ruleSet) ? { ruleSet: JSON.stringify(ruleSet) } : {}),
  };
}

/** A version in a path: a number from 1, `latest`, or -1 for the latest. */
export function readVersion(text: string): SchemaVersion {
  if (text === "latest" || text === "-1") return "latest";
  const version = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (version >= 1 && version <= VERSION_MAX) return version;
  throw new RegistryRefusal(
    "invalidVersion",
    `The specified version ${JSON.stringify(text)} is not a valid version id. Allowed values are ` +
      `between [1, 2^31-1] and the string "latest"`,
  );
}

/** A subject's name from a path: Kafka's longest topic name with `-value`. */
export function readSubject(text: string): string {
  // oxlint-disable-next-line no-control-regex -- that is what is refused
  if (text !== "" && text.length <= SUBJECT_CHARACTERS_MAX && !/[\u0000-\u001f\u007f]/.test(text)) {
    return text;
  }
  throw new RegistryRefusal(
    "invalidSubject",
    `The subject ${JSON.stringify(text.slice(0, 80))} is empty, has control characters or is ` +
      `longer than ${SUBJECT_CHARACTERS_MAX} characters`,
  );
}

/** A schema as answers show it. `schemaType` is always there: some clients can't do without. */
export function showSchema(schema: StoredSchema): Body {
  return {
    guid: schema.guid,
    schemaType: schema.schemaType,
    schema: schema.schema,
    ...(schema.references === undefined ? {} : { references: schema.references }),
    ...(schema.metadata === undefined ? {} : { metadata: JSON.parse(schema.metadata) as unknown }),
    ...(schema.ruleSet === undefined ? {} : { ruleSet: JSON.parse(schema.ruleSet) as unknown }),
  };
}

/** A version of a subject as answers show it. */
export function showVersion(schema: RegisteredSchema): Body {
  const { subject, version, id } = schema;
  return {
    subject,
    version,
    id,
    ...showSchema(schema),
    ...(schema.deleted ? { deleted: true } : {}),
  };
}

function readReferences(value: unknown): SchemaReference[] {
  if (!isPresent(value)) return [];
  if (Array.isArray(value) && value.every(isReference)) {
    return value.map(({ name, subject, version }) => ({ name, subject, version }));
  }
  throw new RegistryRefusal(
    "invalidSchema",
    "references must be an array of {name, subject, version}",
  );
}

function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== "object" || value === null) return false;
  const { name, subject, version } = value as Body;
  return typeof name === "string" && typeof subject === "string" && Number.isInteger(version);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
