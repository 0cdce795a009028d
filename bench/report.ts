import { bareCpuUs, bareUs, ownWallRatio, pipelineUs, verdicts, type Figures } from "./figures.ts";

/** The figures as tables of plain text. */
export function reportText(figures: Figures): string {
  const { options, sustained, half, memory, bytesPerEvent, contents } = figures;
  const perEvent = (us: number): number => us / options.events;
  const perSecond = (us: number): string => `${Math.round(1e6 / us).toLocaleString("en")} events/s`;
  const bare = bareUs(figures);
  const whole = pipelineUs(figures);
  const { load } = sustained;
  return [
    `${options.events.toLocaleString("en")} events of ${Math.round(options.eventBytes)} bytes, of ` +
      `${options.users.toLocaleString("en")} users; ${options.ids.toLocaleString("en")} ids in the index; ` +
      `load average ${figures.loadAverages.map((each) => each.toFixed(1)).join(", ")}`,
    "",
    table([
      ["wall time, µs an event", "", ""],
      ["bare INSERT … FROM file(JSONEachRow)", bare.toFixed(2), perSecond(bare)],
      [
        "pipeline, until acknowledged",
        ((load.ms * 1e3) / options.events).toFixed(2),
        perSecond((load.ms * 1e3) / options.events),
      ],
      ...Object.entries(sustained.caughtUpMs).map(([reader, ms]) => [
        `pipeline, until ${ARRIVAL[reader] ?? reader}`,
        ((ms * 1e3) / options.events).toFixed(2),
        "",
      ]),
      ["pipeline, whole", whole.toFixed(2), perSecond(whole)],
      ["pipeline / bare", `${(whole / bare).toFixed(2)} ×`, ""],
      ["the same, without stolen time", `${ownWallRatio(figures).toFixed(2)} ×`, ""],
    ]),
    table([
      ["CPU, µs an event", "", ""],
      ["bare load", bareCpuUs(figures).toFixed(2), ""],
      ...cpuRows(figures, perEvent),
    ]),
    table([
      ["CPU of single stages, µs an event", "", ""],
      ...Object.entries(figures.stages).map(([name, us]) => [name, us.toFixed(2), ""]),
    ]),
    table([
      ["tenth", "wall µs", "CPU µs"],
      ...sustained.tenths.map(({ wallUs, cpuUs }, index) => [
        String(index + 1),
        wallUs.toFixed(2),
        cpuUs.toFixed(2),
      ]),
    ]),
    table([
      ["bytes an event", "", ""],
      ...Object.entries(bytesPerEvent).map(([where, bytes]) => [where, bytes.toFixed(0), ""]),
    ]),
    table([
      ["answers", "", ""],
      ["a batch of 100 at full load, p50 / p99", ms(load.answerMsP50), ms(load.answerMsP99)],
      [
        `at ${Math.round(half.rate).toLocaleString("en")} events/s, p50 / p99`,
        ms(half.load.answerMsP50),
        ms(half.load.answerMsP99),
      ],
      [
        `visible, ${half.visibility.all.probes} probes, p50 / p99`,
        ms(half.visibility.all.p50),
        ms(half.visibility.all.p99),
      ],
      [
        `visible, ${half.visibility.undisturbed.probes} undisturbed probes, p50 / p99`,
        ms(half.visibility.undisturbed.p50),
        ms(half.visibility.undisturbed.p99),
      ],
    ]),
    table([
      ["time that the host gave to other machines", ""],
      ["bare loads", figures.bare.map(({ stolen }) => percent(stolen)).join(", ")],
      ["pipeline at full load", percent(sustained.stolen)],
      ["at half load", percent(half.stolen)],
    ]),
    table([
      ["memory of all processes", "", ""],
      ["idle", `${(memory.idleBytes / 1e6).toFixed(0)} MB`, ""],
      ["peak", `${(memory.peakBytes / 1e6).toFixed(0)} MB`, ""],
    ]),
    table([
      ["where the events are", "rows", "ids"],
      ["accepted", String(contents.expected), ""],
      ["warehouse", String(contents.warehouse.rows), String(contents.warehouse.ids)],
      ["lake", String(contents.lake.rows), String(contents.lake.ids)],
    ]),
    table([
      ["required", "", ""],
      ...verdicts(figures).map(({ name, value, required, unit, isMet }) => [
        `${isMet ? "✓" : "✗"} ${name}`,
        `${value.toFixed(2)} ${unit}`,
        `≤ ${required} ${unit}`,
      ]),
    ]),
  ].join("\n");
}

const ARRIVAL: Readonly<Record<string, string>> = {
  stream: "in the metrics' state",
  load: "in the warehouse",
  lake: "in the lake",
};

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

const ms = (value: number): string => `${value.toFixed(1)} ms`;

/** Threads that use less than this, µs an event, are added up. */
const SHOWN_US = 0.05;

function cpuRows(figures: Figures, perEvent: (us: number) => number): readonly string[][] {
  let total = 0;
  const rows = Object.entries(figures.sustained.cpuUs).flatMap(([part, threads]) => {
    const all = Object.values(threads).reduce((sum, us) => sum + us, 0);
    total += all;
    const shown = Object.entries(threads)
      .filter(([, us]) => perEvent(us) >= SHOWN_US)
      .toSorted(([, left], [, right]) => right - left)
      .map(([thread, us]) => [`    ${thread}`, perEvent(us).toFixed(2), ""]);
    return [[part, perEvent(all).toFixed(2), ""], ...(shown.length > 1 ? shown : [])];
  });
  return [...rows, ["pipeline and generator", perEvent(total).toFixed(2), ""]];
}

/** Rows of a table with its head; columns after the first stand to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
  const [head, ...others] = lines;
  return [head, "-".repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...others, ""].join(
    "\n",
  );
}
