import { createHash, timingSafeEqual } from "node:crypto";
import { EngineError } from "./engine-error.ts";

/** What somebody with a key may do: everything, or read behind the fence. */
export type Right = "pipeline" | "reader";

/** One user of the warehouse. */
export interface WarehouseUser {
  readonly name: string;
  readonly key: string;
  readonly right: Right;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Gives a check of name and key that takes the same time for every wrong key. */
export function userCheck(users: readonly WarehouseUser[]): (name: string, key: string) => Right {
  const known = new Map(
    users.map((user) => [user.name, { key: digest(user.key), right: user.right }]),
  );
  const nobody = { key: digest(""), right: "reader" as const };
  return (name, key) => {
    const user = known.get(name);
    const matches = timingSafeEqual((user ?? nobody).key, digest(key));
    if (user !== undefined && matches && key !== "") return user.right;
    throw EngineError.of(
      516,
      "AUTHENTICATION_FAILED",
      `${name}: Authentication failed: password is incorrect, or there is no user with such name. ` +
        "Connect as user admin with the project's admin key",
    );
  };
}
