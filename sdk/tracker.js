// Millrace tracker: <script async src="https://your-collector/t.js" data-write-key="…"></script>
// Page views by themselves (also of single-page sites); your own: millrace("Signed up", { plan: "pro" }).
(() => {
  "use strict";
  const script = document.currentScript;
  const key = script.getAttribute("data-write-key") || "";
  const collector = new URL(script.src).origin;
  const waiting = (window.millrace && window.millrace.q) || [];
  const QUEUE_MAX = 500;
  const BATCH_MAX = 50;
  let flushTimer = 0;
  let retryMs = 1000;
  let queue = load("millrace.queue", []);

  function load(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(name)) || otherwise;
    } catch {
      return otherwise;
    }
  }
  function save(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Private windows have no storage: events then live as long as the page.
    }
  }
  const id = () =>
    crypto.randomUUID
      ? crypto.randomUUID()
      : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
          (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
        );
  const anonymousId = load("millrace.id", null) || id();
  save("millrace.id", anonymousId);
  let userId = load("millrace.user", undefined);

  /** The visit: a new one after 30 minutes without an event. */
  function sessionId() {
    const now = Date.now();
    const last = load("millrace.session", { id: "", at: 0 });
    const current = now - last.at > 1800000 ? { id: id(), at: now } : { id: last.id, at: now };
    save("millrace.session", current);
    return current.id;
  }
  const device = () =>
    /Mobi|Android.*Mobile|iPhone/.test(navigator.userAgent)
      ? "mobile"
      : /iPad|Tablet|Android/.test(navigator.userAgent)
        ? "tablet"
        : "desktop";

  function add(type, name, properties) {
    queue.push({
      event_id: id(),
      user_id: userId,
      anonymous_id: anonymousId,
      session_id: sessionId(),
      event_type: type,
      event_name: name,
      timestamp: new Date().toISOString(),
      properties: Object.assign(
        {
          page_url: location.href,
          referrer: document.referrer || undefined,
          user_agent: navigator.userAgent,
          device_type: device(),
        },
        properties,
      ),
      context: { platform: "web", screen_resolution: screen.width + "x" + screen.height },
    });
    queue = queue.slice(-QUEUE_MAX);
    save("millrace.queue", queue);
    schedule(200);
  }
  function schedule(ms) {
    if (!flushTimer) flushTimer = setTimeout(flush, ms);
  }
  const body = (batch) => {
    const sentAt = new Date().toISOString();
    return JSON.stringify(batch.map((event) => Object.assign({ sent_at: sentAt }, event)));
  };
  const url = () => collector + "/v1/events?write_key=" + encodeURIComponent(key);

  async function flush() {
    flushTimer = 0;
    const batch = queue.slice(0, BATCH_MAX);
    if (batch.length === 0) return;
    try {
      const answer = await fetch(url(), {
        method: "POST",
        body: body(batch),
        headers: { "content-type": "text/plain" },
      });
      if (answer.status === 429 || answer.status >= 500) throw new Error("try again");
      const sent = new Set(batch.map((event) => event.event_id));
      queue = queue.filter((event) => !sent.has(event.event_id));
      save("millrace.queue", queue);
      retryMs = 1000;
      if (queue.length > 0) schedule(0);
    } catch {
      schedule(retryMs);
      retryMs = Math.min(retryMs * 2, 60000);
    }
  }

  let lastPage = "";
  function page() {
    if (location.href === lastPage) return;
    lastPage = location.href;
    add("page_view");
  }
  const track = (name, properties) => add("custom", name, properties);
  track.identify = (user) => {
    userId = user === null ? undefined : String(user);
    save("millrace.user", userId);
  };
  track.page = page;
  window.millrace = track;
  for (const call of waiting) track(...call);

  const push = history.pushState;
  history.pushState = function (...args) {
    push.apply(history, args);
    page();
  };
  addEventListener("popstate", page);
  // What is still waiting when the page goes leaves by beacon; the same ids make a repeat harmless.
  addEventListener("pagehide", () => {
    if (queue.length > 0) navigator.sendBeacon(url(), body(queue.slice(0, BATCH_MAX)));
  });
  page();
})();
