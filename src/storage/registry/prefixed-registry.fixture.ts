import type {
  RegisteredSchema,
  Registry,
  SchemaReference,
  SchemaText,
  SchemaUsage,
} from "./registry.ts";

/** A part of a shared registry that looks like one of its own: all subjects begin with `prefix`. */
export function prefixedRegistry(registry: Registry, prefix: string): Registry {
  const inner = (subject: string): string => prefix + subject;
  const isOurs = (subject: string): boolean => subject.startsWith(prefix);
  const outer = (subject: string): string => subject.slice(prefix.length);
  const references = (
    list: readonly SchemaReference[] | undefined,
    map: (subject: string) => string,
  ) =>
    list === undefined
      ? {}
      : { references: list.map((each) => ({ ...each, subject: map(each.subject) })) };
  const sent = (schema: SchemaText): SchemaText => ({
    ...schema,
    ...references(schema.references, inner),
  });
  const shown = <Schema extends SchemaText>(schema: Schema): Schema => ({
    ...schema,
    ...references(schema.references, outer),
  });
  const named = <Place extends SchemaUsage | RegisteredSchema>(place: Place): Place => ({
    ...place,
    subject: outer(place.subject),
  });
  const version = (found: RegisteredSchema): RegisteredSchema => named(shown(found));
  const maybe = <Value>(value: Value | undefined, map: (value: Value) => Value) =>
    value === undefined ? undefined : map(value);
  return {
    register: async (subject, schema, options) =>
      version(await registry.register(inner(subject), sent(schema), options)),
    lookup: async (subject, schema, options) =>
      maybe(await registry.lookup(inner(subject), sent(schema), options), version),
    check: (subject, at, schema) => registry.check(inner(subject), at, sent(schema)),
    subjects: async (filter) => (await registry.subjects(filter)).filter(isOurs).map(outer),
    versions: (subject, filter) => registry.versions(inner(subject), filter),
    version: async (subject, at, options) =>
      maybe(await registry.version(inner(subject), at, options), version),
    schema: async (key) => maybe(await registry.schema(key), shown),
    usages: async (id, filter) =>
      (await registry.usages(id, filter)).filter(({ subject }) => isOurs(subject)).map(named),
    referencedBy: (subject, at) => registry.referencedBy(inner(subject), at),
    deleteVersion: (subject, at, permanent) =>
      registry.deleteVersion(inner(subject), at, permanent),
    deleteSubject: (subject, permanent) => registry.deleteSubject(inner(subject), permanent),
    settings: (subject) => registry.settings(maybe(subject, inner)),
    configure: (subject, change) => registry.configure(maybe(subject, inner), change),
    close: () => registry.close(),
  };
}
