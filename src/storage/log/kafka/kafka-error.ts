import { MillraceError } from "../../../core/errors.ts";

/** What a broker's words mean, and what to do about it; `field` is of a cluster's file. */
interface Refusal {
  readonly words: RegExp;
  readonly field: string;
  readonly hint: string;
}

/** In this order: the first that fits. */
const REFUSALS: readonly Refusal[] = [
  {
    words: /SASL authentication failed|SASL_AUTHENTICATION_FAILED/,
    field: "kafka.sasl",
    hint: "see that username and password are those that the brokers know, for this mechanism",
  },
  {
    words: /UNSUPPORTED_SASL_MECHANISM|suitable SASL mechanism|SASL mechanism \S+ not supported/,
    field: "kafka.sasl.mechanism",
    hint: "take one that the brokers have enabled: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
  },
  {
    words: /Broker requires TLS/,
    field: "kafka.tls",
    hint: `add "tls": {} where a known authority signed the brokers' certificates, else "tls": { "ca": "…" }`,
  },
  {
    words: /certificate (required|unknown|expired|revoked)|bad certificate|unknown ca\b/,
    field: "kafka.tls.cert",
    hint: "the brokers want a certificate that they trust: set kafka.tls.cert and kafka.tls.key",
  },
  {
    words:
      /self-signed certificate|verify the first certificate|issuer certificate|certificate has/,
    field: "kafka.tls.ca",
    hint: "set kafka.tls.ca to the certificate, as a PEM text, of the authority that signed the brokers'",
  },
  {
    words: /certificate's altnames/,
    field: "kafka.bootstrap",
    hint: "name the brokers as their certificates do",
  },
  {
    words: /AUTHORIZATION_FAILED/,
    field: "kafka",
    hint: "allow it to this user in Kafka; docs/guides/secured-engines.md lists what is needed",
  },
];

/**
 * What the client threw, as `KAFKA_UNAVAILABLE`, `TOPIC_UNKNOWN`, or `CONFIG_INVALID` where the
 * broker refuses us or we don't trust it.
 */
export function asKafkaError(what: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const text = textOf(error);
  const message = `Kafka: couldn't ${what}: ${text}`;
  const refusal = REFUSALS.find(({ words }) => words.test(text));
  if (refusal !== undefined) {
    const { field, hint } = refusal;
    return new MillraceError("CONFIG_INVALID", message, { cause: error, field, hint });
  }
  const isUnknown = /UNKNOWN_TOPIC/.test(text);
  return new MillraceError(isUnknown ? "TOPIC_UNKNOWN" : "KAFKA_UNAVAILABLE", message, {
    cause: error,
    hint: isUnknown ? "deploy the definition first" : hintOf(text),
  });
}

/** A listener that wants TLS, a certificate or a password may just hang up on who has none. */
const hintOf = (text: string): string =>
  text.includes("Connection closed")
    ? "see that the brokers run, and that kafka.tls, its cert and key, and kafka.sasl are what their listener wants"
    : "see that the brokers run";

/** Likewise of a sending: what was to be sent is good, so whoever has it must send it again. */
export function asSendError(error: unknown): MillraceError {
  const told = asKafkaError("send", error);
  const { code, message, hint } = told;
  if (code !== "CONFIG_INVALID" || hint === undefined) return told;
  return new MillraceError("KAFKA_UNAVAILABLE", message, { cause: error, hint });
}

/** The innermost messages, with their codes: the client wraps errors in errors. */
export const textOf = (error: unknown): string => messagesOf(error).join("; ");

function messagesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const { errors = [], cause } = error as { readonly errors?: readonly unknown[]; cause?: unknown };
  const inner = [...errors, ...(cause === undefined ? [] : [cause])].flatMap(messagesOf);
  const id = "apiId" in error ? `${String(error.apiId)}: ` : "";
  return [...new Set(inner.length > 0 ? inner : [`${id}${error.message}`])];
}
