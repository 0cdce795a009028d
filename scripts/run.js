// `node scripts/run.js scripts/x.ts …`: what `bin/millrace.js` does, for the scripts of the house,
// so that they work on a fresh clone and under any Node from 20 on.
import { launch } from "../bin/bootstrap.js";

const [file, ...args] = process.argv.slice(2);
await launch(file, args, { dev: true });
