import { MillraceError } from "../../../core/errors.ts";
import type { Change, DeployContext, DeployStep } from "../deploy/deploy-step.ts";
import { ConnectClient, failureOf } from "./connect-client.ts";
import { sourcePrefix } from "./source-topics.ts";
import { sourceTopics, wantedConnectors, type WantedConnector } from "./wanted-connectors.ts";

/**
 * A connector in Kafka Connect for each table that a database has, and for each file. One that is
 * there with the same settings is left alone; one that nobody wants any more is removed, with its
 * slot in the database.
 */
export const connectStep: DeployStep = {
  check: async ({ plan, config }) => {
    const wanted = wantedConnectors(plan, config);
    if (wanted.length > 0) await connectOf(config).names();
  },
  apply: async function* (context) {
    const { plan, config, client } = context;
    await client.ensureTopics(sourceTopics(plan, config));
    const wanted = wantedConnectors(plan, config);
    if (wanted.length === 0 && config.connect === undefined) return;
    const connect = connectOf(config);
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of await connect.names()) {
      if (!name.startsWith(sourcePrefix(config.prefix)) || names.has(name)) continue;
      await remove(connect, name);
      yield { kind: "connector", name, did: "removed: it isn't in the definition any more" };
    }
    for (const each of wanted) {
      const change = await bringAbout(connect, each);
      if (change !== undefined) yield change;
    }
  },
};

/** Where Kafka Connect is; `CONFIG_INVALID` where the file doesn't say. */
function connectOf({ connect }: DeployContext["config"]): ConnectClient {
  if (connect !== undefined) return new ConnectClient(connect);
  throw new MillraceError(
    "CONFIG_INVALID",
    "the cluster's file doesn't say where Kafka Connect is",
    { field: "connect", hint: `add "connect": { "url" } to it` },
  );
}

async function bringAbout(
  connect: ConnectClient,
  { name, config }: WantedConnector,
): Promise<Change | undefined> {
  const known = await connect.config(name);
  const isThere = known !== undefined;
  const isSame = isThere && isSameConfig({ ...known }, { ...config, name });
  if (!isSame) await connect.put(name, config);
  const status = await connect.status(name);
  const failure = status === undefined ? undefined : failureOf(status);
  if (failure !== undefined) await connect.restartFailed(name);
  await connect.running(name);
  if (!isSame) return { kind: "connector", name, did: isThere ? "changed" : "made" };
  if (failure === undefined) return undefined;
  return { kind: "connector", name, did: `started again; it had failed: ${failure}` };
}

/** A slot that nobody reads would hold the database's log back for ever: its reader drops it. */
async function remove(connect: ConnectClient, name: string): Promise<void> {
  const config = await connect.config(name);
  await connect.stop(name);
  if (config?.["slot.name"] !== undefined) {
    await connect.put(name, { ...config, "slot.drop.on.stop": "true" });
    await connect.resume(name);
    await connect.running(name);
    await connect.stop(name);
  }
  await connect.remove(name);
}

const isSameConfig = (
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean => Object.keys({ ...one, ...other }).every((setting) => one[setting] === other[setting]);
