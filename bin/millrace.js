#!/usr/bin/env node
// The command `millrace`, for any Node from 20 on: installs what is missing (in a clone), then goes
// on under the Node that Millrace is made for. Kept to syntax that old versions can parse, so that
// they get a sentence and not a stack.
const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(`error: Millrace needs Node 20 or later to start; this is ${process.version}`);
  console.error("hint: install a newer Node (https://nodejs.org), then run the same command again");
  process.exit(1);
}
import("./bootstrap.js")
  .then((bootstrap) => bootstrap.launch("src/cli/main.ts", process.argv.slice(2), { dev: false }))
  .catch((error) => {
    console.error(error);
    process.exit(70);
  });
