import type { KafkaConnection } from "../../storage/log/kafka/kafka-client.ts";

const MODULES: Readonly<Record<string, string>> = {
  PLAIN: "plain.PlainLoginModule",
  "SCRAM-SHA-256": "scram.ScramLoginModule",
  "SCRAM-SHA-512": "scram.ScramLoginModule",
};

/**
 * A connection as properties of Kafka's Java clients, without the brokers' addresses. `shaded` is
 * what goes before the client's package in a jar that has it under another name.
 */
export function javaKafkaProperties(
  { tls, sasl }: KafkaConnection,
  shaded = "",
): Readonly<Record<string, string>> {
  if (tls === undefined && sasl === undefined) return {};
  const { ca, cert, key } = tls ?? {};
  return {
    "security.protocol": `${sasl === undefined ? "" : "SASL_"}${tls === undefined ? "PLAINTEXT" : "SSL"}`,
    ...(ca !== undefined && {
      "ssl.truststore.type": "PEM",
      "ssl.truststore.certificates": ca,
    }),
    ...(cert !== undefined &&
      key !== undefined && {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": cert,
        "ssl.keystore.key": key,
      }),
    ...(sasl !== undefined && {
      "sasl.mechanism": sasl.mechanism,
      "sasl.jaas.config": `${shaded}org.apache.kafka.common.security.${MODULES[sasl.mechanism]!} required username=${quoted(sasl.username)} password=${quoted(sasl.password)};`,
    }),
  };
}

/** A text of a JAAS configuration. */
const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
