const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Whether a host is this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host);
