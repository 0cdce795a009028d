/** One figure about the system's health, as Prometheus takes it. */
export interface Figure {
  /** Such as `millrace_events_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text of figures in Prometheus' exposition format, version 0.0.4. */
export function figuresText(figures: readonly Figure[]): string {
  const lines = figures.flatMap((figure) => [
    `# HELP ${figure.name} ${figure.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${figure.name} ${figure.type}`,
    ...figure.samples.map(
      (sample) =>
        `${figure.name}${sample.suffix ?? ""}${labelsText(sample.labels)} ${valueText(sample.value)}`,
    ),
  ]);
  return `${lines.join("\n")}\n`;
}

function labelsText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels ?? {}).map(
    ([name, value]) =>
      `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
