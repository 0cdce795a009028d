import { MillraceError } from "../../core/errors.ts";

/**
 * The errors of Confluent's Schema Registry that ours gives: their codes are what clients go by.
 * The first three digits are the HTTP status.
 */
export const REGISTRY_ERRORS = {
  badRequest: 400,
  notFound: 404,
  subjectNotFound: 40401,
  versionNotFound: 40402,
  schemaNotFound: 40403,
  subjectSoftDeleted: 40404,
  subjectNotSoftDeleted: 40405,
  versionSoftDeleted: 40406,
  versionNotSoftDeleted: 40407,
  subjectLevelNotConfigured: 40408,
  subjectModeNotConfigured: 40409,
  methodNotAllowed: 405,
  incompatible: 409,
  unprocessable: 422,
  invalidSchema: 42201,
  invalidVersion: 42202,
  invalidLevel: 42203,
  invalidMode: 42204,
  notPermitted: 42205,
  referenceExists: 42206,
  invalidSubject: 42208,
  internal: 50001,
} as const;

/** Ends a request with one of Confluent's error codes. Never leaves the registry's routes. */
export class RegistryRefusal extends Error {
  override readonly name = "RegistryRefusal";
  readonly errorCode: number;

  constructor(error: keyof typeof REGISTRY_ERRORS, message: string) {
    super(message);
    this.errorCode = REGISTRY_ERRORS[error];
  }

  get status(): number {
    return Number(String(this.errorCode).slice(0, 3));
  }
}

/** Whatever a route threw, as a refusal that a client of Confluent's registry understands. */
export function asRefusal(thrown: unknown): RegistryRefusal {
  if (thrown instanceof RegistryRefusal) return thrown;
  if (!(thrown instanceof MillraceError)) {
    return new RegistryRefusal("internal", "The registry failed; its log says why");
  }
  const message = thrown.hint === undefined ? thrown.message : `${thrown.message}. ${thrown.hint}`;
  switch (thrown.code) {
    case "SCHEMA_INVALID":
      return new RegistryRefusal("invalidSchema", message);
    case "SCHEMA_INCOMPATIBLE":
      return new RegistryRefusal(
        "incompatible",
        `Schema being registered is incompatible with an earlier schema. ${message}`,
      );
    case "FORBIDDEN":
      return new RegistryRefusal("notPermitted", message);
    default:
      return new RegistryRefusal("internal", message);
  }
}
