import { unsupportedBy } from "../unsupported-by.ts";

/** The error of a part of a definition that ClickHouse can't run exactly as the others do. */
export const unsupported = unsupportedBy("ClickHouse");
