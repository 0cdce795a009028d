/** ClickHouse in process: the one place that names the package. */
export { drainPending, Session } from "chdb";
