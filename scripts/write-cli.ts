/** Writes `docs/reference/cli.md` from the commands' own help. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cliPage } from "./documents/cli-page.ts";
import { ROOT } from "./steps.ts";

writeFileSync(join(ROOT, "docs", "reference", "cli.md"), await cliPage());
