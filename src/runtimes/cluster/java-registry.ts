import { MillraceError } from "../../core/errors.ts";
import type { RegistryConnection } from "../../storage/registry/confluent/confluent-rest.ts";

const TRUST_STORE = "-Djavax.net.ssl.trustStore=";

/**
 * The registry's root as the runner of Kafka Streams takes it: with user and password. Throws
 * `CONFIG_INVALID` for what it can't do.
 */
export function javaRegistryUrl(
  { url, auth, ca }: RegistryConnection,
  javaFlags: readonly string[] = [],
): string {
  if (ca !== undefined && !javaFlags.some((flag) => flag.startsWith(TRUST_STORE))) {
    throw new MillraceError("CONFIG_INVALID", "the runner of Kafka Streams takes no registry.ca", {
      field: "streams.javaFlags",
      hint: `put the authority into a PKCS12 file and name it there: ${TRUST_STORE}…`,
    });
  }
  if (auth === undefined) return url;
  if ("token" in auth) {
    throw new MillraceError("CONFIG_INVALID", "the runner of Kafka Streams takes no token", {
      field: "registry.auth",
      hint: "give it a username and a password for the registry",
    });
  }
  const root = new URL(url);
  root.username = auth.username;
  root.password = auth.password;
  return root.href;
}
