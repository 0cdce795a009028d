import { MillraceError } from "../../core/errors.ts";
import { assertPlan } from "../../language/plan/check/check-plan.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { openCluster } from "./cluster-parts.ts";
import { startBatch } from "./batch-role.ts";
import { startCollect } from "./collect-role.ts";
import { startLake } from "./lake-role.ts";
import { startLoad } from "./load-role.ts";
import { startServe } from "./serve-role.ts";
import { startSource } from "./source-role.ts";
import { startStream } from "./stream-role.ts";
import type { Role, RoleOptions } from "./role.ts";

const ROLES: Readonly<Record<string, (options: RoleOptions) => Promise<Role>>> = {
  collect: startCollect,
  source: startSource,
  stream: startStream,
  load: startLoad,
  lake: startLake,
  batch: startBatch,
  serve: startServe,
};

export interface StartRoleOptions extends Omit<RoleOptions, "parts"> {
  readonly config: ClusterConfig;
}

/** Starts one replica of a role. `ARGUMENT_INVALID` names the roles that there are. */
export async function startRole(name: string, options: StartRoleOptions): Promise<Role> {
  const start = ROLES[name];
  if (start === undefined) {
    throw new MillraceError("ARGUMENT_INVALID", `there is no role ${name}`, {
      field: "--role",
      hint: `one of ${Object.keys(ROLES).join(", ")}`,
    });
  }
  assertPlan(options.plan);
  const parts = await openCluster(options.plan, options.config, `millrace-${name}`);
  try {
    const role = await start({ ...options, parts });
    return {
      url: role.url,
      close: async () => {
        await role.close();
        await parts.close();
      },
    };
  } catch (error) {
    await parts.close();
    throw error;
  }
}
