import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineContext } from "./engine.ts";

/** The TaskManager's name; a restarted one takes the place of its predecessor at once. */
export const TASK_MANAGER = "taskmanager-1";

/** The configuration that all of Flink's parts share. */
export function flinkProperties(
  context: EngineContext,
): Readonly<Record<string, string | number | boolean>> {
  const local = "127.0.0.1";
  const at = (name: string): string => `file://${join(context.folder, name)}`;
  return {
    "jobmanager.rpc.address": local,
    "jobmanager.rpc.port": context.port("flink-rpc"),
    "jobmanager.bind-host": local,
    "jobmanager.memory.process.size": "900m",
    "blob.server.port": context.port("flink-blob"),
    "rest.address": local,
    "rest.bind-address": local,
    "rest.port": context.port("flink-rest"),
    "rest.bind-port": context.port("flink-rest"),
    "taskmanager.host": local,
    "taskmanager.bind-host": local,
    "taskmanager.rpc.port": context.port("flink-taskmanager-rpc"),
    "taskmanager.data.port": context.port("flink-taskmanager-data"),
    "taskmanager.resource-id": TASK_MANAGER,
    "taskmanager.numberOfTaskSlots": 12,
    "taskmanager.cpu.cores": 2,
    "taskmanager.memory.process.size": "1700m",
    // Each window takes a megabyte of it at least, and a slot has as many as its job.
    "taskmanager.memory.managed.fraction": 0.3,
    "taskmanager.memory.network.min": "64m",
    "taskmanager.memory.network.max": "128m",
    "sql-gateway.endpoint.rest.address": local,
    "sql-gateway.endpoint.rest.bind-address": local,
    "sql-gateway.endpoint.rest.port": context.port("flink-gateway"),
    "sql-gateway.endpoint.rest.bind-port": context.port("flink-gateway"),
    "execution.target": "remote",
    "parallelism.default": 1,
    "io.tmp.dirs": join(context.folder, "tmp"),
    "high-availability.type": "zookeeper",
    "high-availability.storageDir": at("high-availability"),
    "high-availability.zookeeper.quorum": `${local}:${context.port("flink-zookeeper")}`,
    "high-availability.jobmanager.port": context.port("flink-rpc"),
    "zookeeper.sasl.disable": true,
    // How long a killed JobManager stays the leader.
    "high-availability.zookeeper.client.session-timeout": 5_000,
    "execution.checkpointing.storage": "filesystem",
    "execution.checkpointing.dir": at("checkpoints"),
    "execution.checkpointing.savepoint-dir": at("savepoints"),
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 1_000,
    "restart-strategy.fixed-delay.delay": "1 s",
    "heartbeat.interval": 2_000,
    "heartbeat.timeout": 8_000,
  };
}

/** Writes `config.yaml` into the folder. */
export function writeFlinkConfiguration(
  folder: string,
  properties: Readonly<Record<string, string | number | boolean>>,
): void {
  mkdirSync(join(folder, "..", "tmp"), { recursive: true });
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(properties).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(folder, "config.yaml"), lines.join(""));
}
