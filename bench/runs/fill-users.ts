import type { Clock } from "../../src/core/clock.ts";
import { WRITE_KEY, type RuntimeProcess } from "./runtime-process.ts";

const PER_REQUEST = 2_000;

/** Puts rows of `dim_users` for the first users: those that the door's lookups then find. */
export async function fillUsers(
  runtime: RuntimeProcess,
  users: number,
  clock: Clock,
): Promise<void> {
  const timestamp = new Date(clock.nowMs()).toISOString();
  for (let first = 0; first < users; first += PER_REQUEST) {
    const count = Math.min(PER_REQUEST, Math.floor(users) - first);
    const body = Array.from({ length: count }, (_, at) =>
      JSON.stringify({ user_id: `user-${first + at}`, timestamp, country: "DE", region: "Berlin" }),
    ).join("\n");
    const answer = await fetch(`${runtime.url}/v1/tables/dim_users`, {
      method: "PUT",
      headers: { authorization: `Bearer ${WRITE_KEY}`, "content-type": "application/x-ndjson" },
      body,
    });
    const { accepted } = (await answer.json()) as { readonly accepted?: number };
    if (accepted !== count)
      throw new Error(`dim_users: ${accepted} of ${count} rows were accepted`);
  }
}
