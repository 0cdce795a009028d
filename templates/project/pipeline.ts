import {
  count,
  countDistinct,
  countIf,
  event,
  metric,
  path,
  pipeline,
  ratio,
  rule,
  session,
  t,
  tumbling,
} from "millrace";

// A definition is data: it says which events there are and what is computed from them. Nothing runs
// when this file is loaded. While `millrace up` runs, saving the file takes effect.

// 1. The events. This one takes page views and your own events of a web site, as the tracker script
//    (/t.js) and Segment's clients send them. What you don't declare is kept with the event.
export const site = event(
  "site-events",
  {
    event_id: t.id(), // an event that is sent twice with one id counts once
    user_id: t.string().subject().optional(), // `subject`: names a person
    anonymous_id: t.string().subject().optional(),
    session_id: t.string().optional(),
    event_type: t.oneOf("page_view", "custom"),
    event_name: t.string().clean("trim").optional(), // of a custom event: "Signed up"
    timestamp: t.timestamp(), // RFC 3339, such as 2026-01-31T10:00:00Z
    properties: t
      .record({
        page_url: t.string().optional(),
        referrer: t.string().optional(),
        user_agent: t.string().personal().optional(),
        device_type: t.oneOf("mobile", "desktop", "tablet").optional(),
      })
      .optional(),
    context: t
      .record({
        platform: t.oneOf("web", "ios", "android", "server", "iot").optional(),
        screen_resolution: t.string().optional(),
      })
      .optional(),
  },
  {
    id: "event_id",
    time: "timestamp",
    key: ["user_id", "anonymous_id"],
    // Computed once, when an event comes in, and stored with it.
    derive: (e) => ({ page_path: path(e.properties.page_url) }),
  },
);

// 2. Names for what the metrics below use. Conditions and values are data, too.
const { event_type, event_name, page_path, properties } = site.fields;
const visitor = site.fields.user_id.or(site.fields.anonymous_id);
const isPageView = event_type.is("page_view");

// 3. The metrics: GET /v1/metrics/page-views gives the rows of the first.
export const pageViews = metric("page-views", {
  from: site,
  where: isPageView,
  by: { page_path },
  window: tumbling("5m"),
  measures: { views: count(), visitors: countDistinct(visitor) },
});

// A visit ends after 30 minutes without an event.
export const visits = metric("visits", {
  from: site,
  by: { visitor },
  window: session("30m"),
  measures: { events: count(), pages: countDistinct(page_path) },
});

// Stored as two counts, divided once, where it is read.
export const signups = metric("signup-rate", {
  from: site,
  window: tumbling("1h"),
  measures: {
    signups: countIf(event_name.is("Signed up")),
    per_view: ratio(countIf(event_name.is("Signed up")), countIf(isPageView)),
  },
});

// 4. A rule. What breaks it goes to the quarantine, with its bytes and the reason.
export const hasPage = rule("page-view-has-url", {
  on: site,
  when: isPageView,
  expect: properties.page_url.isNotNull(),
  severity: "quarantine",
});

// 5. The pipeline is what the file exports.
export default pipeline({
  name: "site",
  events: [site],
  metrics: [pageViews, visits, signups],
  rules: [hasPage],
});
