import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import {
  removeFolder,
  send,
  startRunning,
  temporaryFolder,
  until,
  type Running,
} from "./running.fixture.ts";

const timeout = 180_000;
const CHROMIUM = "/usr/bin/chromium";
const folder = temporaryFolder("page");
// Where to look at what the tests saw; by default it goes with the data.
const pictures = process.env["PICTURES"] ?? folder;
let running: Running;
let browser: Browser | undefined;

before(
  async () => {
    running = await startRunning({ args: ["demo"], data: folder });
    if (!existsSync(CHROMIUM)) console.log(`NOT RUN: there is no browser at ${CHROMIUM}`);
    else browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  },
  { timeout },
);
after(async () => {
  await browser?.close();
  await running.stop();
  removeFolder(folder);
});

interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

/** Opens the page, and gives what its console and its requests complained of. */
async function open({ width, colorScheme }: Look): Promise<{ page: Page; problems: string[] }> {
  const context = await browser!.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400) problems.push(`${answer.status()} ${answer.url()}`);
  });
  await page.goto(running.url);
  await holds(page, `document.getElementById("link").dataset.state === "live"`);
  return { page, problems };
}

/** Waits until an expression is true there; the page's policy forbids the browser's own waiting. */
const holds = (page: Page, expression: string): Promise<unknown> =>
  until(
    () => page.evaluate<boolean>(expression),
    (value) => value,
  );

const textOf = (page: Page, id: string): Promise<string> =>
  page.evaluate(`document.getElementById("${id}").textContent`);

test("figures move, and only a person's event is marked as theirs", { timeout }, async () => {
  if (browser === undefined) return;
  const { page, problems } = await open({ width: 1440, colorScheme: "light" });
  await holds(page, `document.querySelectorAll("#newest li .kind").length > 5`);
  await holds(page, `document.querySelectorAll("#metrics table").length >= 4`);
  const before = await textOf(page, "accepted");
  await holds(
    page,
    `document.getElementById("accepted").textContent !== ${JSON.stringify(before)}`,
  );
  assert.equal(await page.locator("li.mine").count(), 0);
  const event = {
    event_id: "from-a-person",
    user_id: "me",
    event_type: "page_view",
    timestamp: new Date().toISOString(),
    properties: { page_url: `https://shop.example/${"a-long-path/".repeat(30)}` },
  };
  await send(running, "user-events", [event]);
  await page.waitForSelector("#mine li.mine");
  assert.equal(await page.locator("#mine li.mine").count(), 1);
  assert.equal(await page.locator("#mine a").getAttribute("href"), "/v1/trace/from-a-person");
  assert.match(await textOf(page, "curl"), /^curl 'http:\/\/127\.0\.0\.1:\d+\/v1\/events/);
  assert.deepEqual(problems, []);
  await page.context().close();
});

for (const width of [390, 768, 1440]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${width} pixels, ${colorScheme}: nothing scrolls sideways`, { timeout }, async () => {
      if (browser === undefined) return;
      const { page, problems } = await open({ width, colorScheme });
      await holds(page, `document.querySelectorAll("#metrics table").length >= 4`);
      await holds(page, `document.querySelectorAll("#newest .kind").length > 5`);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      const path = join(pictures, `page-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      const ground: string = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      const ink: string = await page.evaluate(
        "getComputedStyle(document.querySelector('h1')).color",
      );
      assert.ok(contrast(ground, ink, colorScheme) > 7, `${ground} under ${ink}`);
      assert.deepEqual(problems, []);
      await page.context().close();
    });
  }
}

test(
  "the keyboard reaches everything, visibly, and new events don't take the focus",
  { timeout },
  async () => {
    if (browser === undefined) return;
    const { page } = await open({ width: 1440, colorScheme: "light" });
    await holds(page, `document.querySelectorAll("#newest a").length > 5`);
    const reached: string[] = [];
    for (let n = 0; n < 40 && !reached.includes("/openapi.json"); n++) {
      await page.keyboard.press("Tab");
      reached.push(
        await page.evaluate(
          `document.activeElement.id || document.activeElement.getAttribute("href") || ""`,
        ),
      );
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      assert.notEqual(outline, "none", reached.at(-1));
    }
    assert.ok(reached.includes("copy") && reached.includes("curl"), reached.join(" "));
    assert.ok(reached.includes("/openapi.json"), reached.join(" "));
    const href = await page.evaluate<string>(
      `(() => { const link = document.querySelector("#newest a"); link.focus(); return link.href; })()`,
    );
    const count = await textOf(page, "accepted");
    await holds(
      page,
      `document.getElementById("accepted").textContent !== ${JSON.stringify(count)}`,
    );
    assert.equal(await page.evaluate("document.activeElement.href"), href);
    await page.context().close();
  },
);

/** WCAG's contrast; the page's ground may be on the root, where the body's own is transparent. */
function contrast(ground: string, ink: string, scheme: "light" | "dark"): number {
  const isClear = ground === "rgba(0, 0, 0, 0)";
  const back = isClear ? (scheme === "light" ? "rgb(245, 247, 248)" : "rgb(15, 23, 25)") : ground;
  const [one, other] = [luminance(back), luminance(ink)].toSorted((a, b) => b - a);
  return (one! + 0.05) / (other! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = color.match(/\d+/g)!.map((part) => {
    const value = Number(part) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
