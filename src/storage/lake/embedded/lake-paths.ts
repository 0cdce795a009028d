import { join } from "node:path";
import type { LakeFormat, LakeRange } from "../lake.ts";

const digits = (offset: number): string => String(offset).padStart(16, "0");

/** The folder of one topic. Characters that a file system may mind are percent-encoded. */
export const topicFolder = (dir: string, topic: string): string =>
  join(dir, encodeURIComponent(topic));

/** The folder of one day of a topic. */
export const dayFolder = (dir: string, topic: string, date: string): string =>
  join(topicFolder(dir, topic), `date=${date}`);

/** A file's name: `p<partition>-<from>-<to>.parquet`, offsets of 16 digits. */
export const fileName = ({ partition, from, to }: LakeRange, format: LakeFormat): string =>
  `p${partition}-${digits(from)}-${digits(to)}.${format}`;

/** Where files of a range are written before they enter the lake; `.` hides it from globs. */
export const stagingFolder = (dir: string, range: LakeRange, purpose: "roll" | "merge"): string =>
  join(
    dir,
    ".staging",
    `${purpose}-${encodeURIComponent(range.topic)}-${fileName(range, "parquet").replace(/\.\w+$/, "")}`,
  );
