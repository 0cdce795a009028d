import type { Clock } from "../../core/clock.ts";
import type { Plan } from "../../language/plan/nodes.ts";
import type { ClusterParts } from "./cluster-parts.ts";

/** What a replica of a role is told by its environment. */
export interface RoleSettings {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** A folder for what it can make again. */
  readonly dataDir: string;
  readonly writeKey: string;
  readonly adminKey: string;
  /** How long events may wait for their file in the lake, ms. */
  readonly lakeRollMs: number;
  /** How often late events enter the numbers, ms. */
  readonly amendEveryMs: number;
}

/** What a replica works with. */
export interface RoleOptions {
  readonly plan: Plan;
  readonly parts: ClusterParts;
  readonly settings: RoleSettings;
  readonly clock: Clock;
  /** Where a role that runs another program finds it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProblem: (text: string) => void;
}

/** A replica that runs. */
export interface Role {
  /** Where it answers: at least `/healthz`, `/readyz` and `/metrics`. */
  readonly url: string;
  /** Ends what is under way, then goes. */
  close(): Promise<void>;
}
