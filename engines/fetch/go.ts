import { join } from "node:path";
import type { FetchContext } from "../engine.ts";
import { runTool } from "../run-tool.ts";

/** Builds a Go program (`module/path@version`) into the cache; the program's path. */
export async function goProgram(context: FetchContext, module: string): Promise<string> {
  const [path, version] = module.split("@");
  const program = path!.split("/").at(-1)!;
  const folder = await context.cached(`${program}-${version}`, async (unfinished) => {
    context.tell(`building ${program} with Go takes minutes`);
    await runTool("go", ["install", "-trimpath", module], {
      env: { GOBIN: unfinished, GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" },
      install: "install Go 1.24 or newer",
    });
  });
  return join(folder, program);
}
