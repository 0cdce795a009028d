// @ts-check
// The live page: listens to /v1/live and draws what it says. No build, no dependencies.

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {string} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const shortClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

const NEWEST_SHOWN = 16;
const MINE_SHOWN = 6;
const RATES_KEPT = 120;

/** @type {number[]} */
const rates = [];

/** @param {any} state */
function drawFigures(state) {
  rates.push(state.rate);
  if (rates.length > RATES_KEPT) rates.shift();
  at("rate").textContent = number.format(state.rate);
  const top = Math.max(...rates, 1);
  const points = rates.map((rate, index) => {
    const x = rates.length < 2 ? 120 : (index / (rates.length - 1)) * 120;
    return `${x.toFixed(1)},${(31 - (rate / top) * 29).toFixed(1)}`;
  });
  at("spark").innerHTML =
    `<polygon points="0,32 ${points.join(" ")} 120,32"></polygon><polyline points="${points.join(" ")}"></polyline>`;
  at("accepted").textContent = number.format(state.totals.accepted);
  at("others").textContent =
    `${number.format(state.totals.duplicate)} duplicate · ${number.format(state.totals.quarantined)} quarantined · ${number.format(state.totals.refused)} refused`;
  const session = state.metrics.find((/** @type {any} */ each) => each.kind === "session");
  at("sessions").textContent = session ? number.format(session.open) : "–";
  at("sessions-note").textContent = session ? session.name : "no session metric in this definition";
  const rate = state.metrics.flatMap((/** @type {any} */ each) => each.ratios)[0];
  at("conversion").textContent = rate?.percent ?? "–";
  at("conversion-note").textContent = rate
    ? `${number.format(rate.numerator)} of ${number.format(rate.denominator)} · ${rate.metric}`
    : "no ratio in this definition";
}

/** @param {any} metric */
function drawMetric(metric) {
  const span = metric.windowStart
    ? metric.kind === "session"
      ? `${number.format(metric.open)} open`
      : `${shortClock.format(metric.windowStart)} – ${shortClock.format(metric.windowEnd)}`
    : "";
  const head = make(
    "header",
    {},
    make("h3", {}, metric.name),
    make("span", {}, [metric.window, span].filter(Boolean).join(" · ")),
  );
  if (metric.rows.length === 0) {
    const what = metric.kind === "session" ? "No session is open." : "Nothing in this window yet.";
    return make("article", { class: "metric" }, head, make("p", { class: "empty" }, what));
  }
  const top = Math.max(
    ...metric.rows.map((/** @type {any} */ row) => Number(row.values[0] ?? 0)),
    1,
  );
  const rows = metric.rows.map((/** @type {any} */ row) => {
    const bar = make("span", { class: "bar" });
    bar.style.width = `${Math.max(0, Math.min(100, (Number(row.values[0] ?? 0) / top) * 100))}%`;
    const label =
      row.dimensions.map((/** @type {unknown} */ each) => each ?? "(none)").join(" · ") || "all";
    const name = make("span", { class: "name", title: label }, label.replace(/^https?:\/\//, ""));
    return make(
      "tr",
      {},
      make("td", {}, bar, name),
      ...row.values.map((/** @type {unknown} */ value) => make("td", {}, shown(value))),
    );
  });
  const heads = [metric.dimensions.join(" · ") || "total", ...metric.measures].map((name) =>
    make("th", { scope: "col" }, name),
  );
  heads[0].style.width = `${Math.max(31, 100 - 24 * metric.measures.length)}%`;
  return make(
    "article",
    { class: "metric" },
    head,
    make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)),
  );
}

const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });
const coarse = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** @param {unknown} value */
const shown = (value) => {
  if (value === null || value === undefined) return "–";
  const amount = Number(value);
  if (!Number.isFinite(amount)) return String(value);
  return (Math.abs(amount) < 100 ? fine : coarse).format(amount);
};

/** @param {any} event @param {boolean} fresh */
function drawEvent(event, fresh) {
  const classes = [event.mine ? "mine" : "", fresh ? "new" : ""].join(" ").trim();
  const id = make(
    "a",
    { href: `/v1/trace/${encodeURIComponent(event.id)}`, title: `Trace ${event.id}` },
    event.mine ? "yours" : "trace",
  );
  const what = make("span", { class: "what", title: event.text }, event.text);
  const when = make(
    "time",
    { datetime: new Date(event.receivedAt).toISOString() },
    clock.format(event.receivedAt),
    " ",
    id,
  );
  return make(
    "li",
    classes ? { class: classes } : {},
    make("span", { class: "kind" }, event.kind),
    what,
    when,
  );
}

/**
 * Adds to the top of a list; what is there stays, so that focus and selection do too.
 * @param {HTMLElement} list @param {any[]} events oldest first @param {number} shownMax
 */
function prepend(list, events, shownMax) {
  if (events.length === 0) return;
  list.querySelector(".empty")?.remove();
  for (const old of list.querySelectorAll(".new")) old.classList.remove("new");
  list.prepend(
    ...events
      .slice(-shownMax)
      .map((each) => drawEvent(each, true))
      .reverse(),
  );
  while (list.childElementCount > shownMax) list.lastElementChild?.remove();
}

/** @type {Map<string, { text: string, element: HTMLElement }>} */
const drawn = new Map();

/** Draws the metrics that changed. @param {any[]} metrics */
function drawMetrics(metrics) {
  if (metrics.length === 0) return; // a part is restarting: what is shown stays
  const elements = metrics.map((metric) => {
    const text = JSON.stringify(metric);
    const old = drawn.get(metric.name);
    if (old?.text === text) return old.element;
    const element = drawMetric(metric);
    drawn.set(metric.name, { text, element });
    return element;
  });
  const list = at("metrics");
  const isSame = elements.every((element, index) => list.children[index] === element);
  if (!isSame || list.children.length !== elements.length) list.replaceChildren(...elements);
}

/** @param {any} state */
function draw(state) {
  at("project").textContent = state.project;
  if (at("curl").textContent !== state.curl) at("curl").textContent = state.curl;
  drawFigures(state);
  drawMetrics(state.metrics);
  prepend(
    at("mine"),
    state.events.filter((/** @type {any} */ each) => each.mine),
    MINE_SHOWN,
  );
  // Who has the keyboard in the list can use it: it stands still meanwhile.
  const newest = at("newest");
  if (!newest.contains(document.activeElement)) prepend(newest, state.events, NEWEST_SHOWN);
}

/** @param {"connecting" | "live" | "lost"} state @param {string} text */
function link(state, text) {
  at("link").dataset["state"] = state;
  at("link").textContent = text;
}

at("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(at("curl").textContent ?? "");
  at("copy").textContent = "Copied";
  setTimeout(() => (at("copy").textContent = "Copy"), 1500);
});

const live = new EventSource("/v1/live");
live.addEventListener("open", () => link("live", "live"));
live.addEventListener("error", () => link("lost", "connection lost, trying again…"));
live.addEventListener("state", (message) => draw(JSON.parse(message.data)));
