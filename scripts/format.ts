/** `npm run format`: writes every file in the house's form. */
import { runStep } from "./steps.ts";

const { isGood, output } = await runStep({ name: "format", command: ["oxfmt"], hint: "" });
process.stdout.write(output);
process.exitCode = isGood ? 0 : 1;
