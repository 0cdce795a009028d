import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a Log4j 2 configuration that prints warnings, and what `levels` names; its `-D` flag. */
export function log4jFlag(folder: string, levels: Readonly<Record<string, string>> = {}): string {
  const loggers = Object.entries(levels).flatMap(([name, level], index) => [
    `logger.l${index}.name = ${name}`,
    `logger.l${index}.level = ${level}`,
  ]);
  const file = join(folder, "log4j2.properties");
  const lines = [
    "status = ERROR",
    "appender.console.type = Console",
    "appender.console.name = console",
    "appender.console.layout.type = PatternLayout",
    "appender.console.layout.pattern = %d{ISO8601} %p %c: %m%n",
    "rootLogger.level = WARN",
    "rootLogger.appenderRef.console.ref = console",
    ...loggers,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return `-Dlog4j2.configurationFile=file:${file}`;
}
