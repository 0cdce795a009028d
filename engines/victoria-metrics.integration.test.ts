import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { engineSuite } from "./engine-test.ts";

await engineSuite("VictoriaMetrics", ["victoria-metrics"], ({ victoriaMetrics }, cluster) => {
  const { url } = victoriaMetrics;

  test("a sample is found, also after the server was killed", async () => {
    // What came in the last seconds is lost by a kill: whoever writes has to be able to repeat.
    for (const round of ["first", "second"]) {
      const series = `engines_test{run="${randomUUID()}"}`;
      const body = `${series} 42`;
      await fetch(`${url}/api/v1/import/prometheus`, { method: "POST", body });
      await fetch(`${url}/internal/force_flush`);
      const query = `${url}/api/v1/query?query=${encodeURIComponent(series)}`;
      let found: string | undefined;
      while (found === undefined) {
        const answer = (await (await fetch(query)).json()) as QueryAnswer;
        found = answer.data.result[0]?.value[1];
        if (found === undefined) await delay(100);
      }
      assert.equal(found, "42", round);
      await cluster.kill("victoria-metrics");
      await cluster.startAgain("victoria-metrics");
    }
  });
});

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}
