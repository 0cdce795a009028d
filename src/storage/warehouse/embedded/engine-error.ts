/** An error of the engine in ClickHouse's own words: `Code: 62. DB::Exception: … (SYNTAX_ERROR)`. */
export class EngineError extends Error {
  /** ClickHouse's number of the error; 1002 where there is none. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  /** An error that this server finds itself, worded like the engine's. */
  static of(code: number, name: string, message: string): EngineError {
    return new EngineError(code, `Code: ${code}. DB::Exception: ${message} (${name})`);
  }

  /** Whatever `chdb` threw. */
  static from(thrown: unknown): EngineError {
    if (thrown instanceof EngineError) return thrown;
    const text = (thrown instanceof Error ? thrown.message : String(thrown))
      .replace(/^Query failed: /, "")
      .replace(/^(Code: \d+\. DB::Exception: )\1/, "$1");
    const code = /^Code: (\d+)\./.exec(text)?.[1];
    if (code !== undefined) return new EngineError(Number(code), text.trimEnd());
    return EngineError.of(1002, "UNKNOWN_EXCEPTION", text);
  }
}

/** HTTP status that ClickHouse gives an error (its `exceptionCodeToHTTPStatus`). */
export function statusOf(code: number): number {
  if (code === 516) return 403;
  if ([497, 492, 193, 194].includes(code)) return 403;
  if ([60, 81, 47, 16, 46, 115].includes(code)) return 404;
  if ([62, 43, 42, 44, 53, 26, 27, 41, 38, 69, 70, 6, 72, 456, 457, 164, 452].includes(code)) {
    return 400;
  }
  if (code === 241 || code === 202 || code === 236) return 503;
  if (code === 48) return 501;
  if (code === 159 || code === 160) return 408;
  return 500;
}
