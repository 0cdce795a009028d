import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findJdk } from "./jdk.ts";

function withJdks(versions: readonly string[], use: (family: string) => Promise<void>) {
  const family = mkdtempSync(join(tmpdir(), "millrace-jdk-"));
  for (const version of versions) {
    mkdirSync(join(family, version, "bin"), { recursive: true });
    writeFileSync(join(family, version, "bin", "java"), "");
    chmodSync(join(family, version, "bin", "java"), 0o755);
    writeFileSync(join(family, version, "release"), `JAVA_VERSION="${version}"\n`);
  }
  return use(family).finally(() => rmSync(family, { recursive: true }));
}

test("the newest Java within the range is taken", () =>
  withJdks(["1.8.0_292", "17.0.15", "21.0.2", "25"], async (family) => {
    assert.equal((await findJdk({}, 17, 21, [family])).version, 21);
    assert.equal((await findJdk({}, 17, undefined, [family])).version, 25);
    assert.equal((await findJdk({}, 8, 8, [family])).version, 8);
  }));

test("the one that JAVA_HOME names counts, wherever it is", () =>
  withJdks(["17.0.1"], async (family) => {
    assert.equal((await findJdk({ JAVA_HOME: join(family, "17.0.1") }, 17, 21, [])).version, 17);
  }));

test("without a Java that fits, the message says which are there", () =>
  withJdks(["11.0.2"], async (family) => {
    await assert.rejects(findJdk({}, 17, 21, [family]), {
      code: "ENGINE_UNAVAILABLE",
      message: "no Java 17 to 21 is installed, only 11",
    });
    await assert.rejects(findJdk({}, 17, 21, []), { message: "Java is missing" });
  }));
