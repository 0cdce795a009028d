import { startRunning, type Running } from "../../src/runtimes/embedded/running.fixture.ts";
import { clickHouseWarehouse } from "../../src/storage/warehouse/clickhouse-warehouse.ts";
import type { Warehouse } from "../../src/storage/warehouse/warehouse.ts";

/** The embedded runtime of a definition, in its own processes. */
export class EmbeddedRuntime {
  readonly #running: Running;
  readonly warehouse: Warehouse;

  private constructor(running: Running) {
    this.#running = running;
    this.warehouse = clickHouseWarehouse({
      url: running.clickhouse,
      database: "millrace",
      user: "admin",
      key: running.adminKey,
    });
  }

  /** Amends only when it is told to. */
  static async start(definition: string, data: string): Promise<EmbeddedRuntime> {
    const env = { MILLRACE_LAKE_ROLL_SECONDS: "2", MILLRACE_AMEND_SECONDS: "86400" };
    return new EmbeddedRuntime(await startRunning({ args: ["up", definition], data, env }));
  }

  get url(): string {
    return this.#running.url;
  }

  /** Asks the runtime as its administrator. */
  async request(path: string, body: object): Promise<unknown> {
    const answer = await fetch(this.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#running.adminKey}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  async stop(): Promise<void> {
    await this.warehouse.close();
    await this.#running.stop();
  }
}
