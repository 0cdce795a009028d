import { asMillraceError } from "../../core/errors.ts";

/** Does a work again and again, never twice at once; what it throws is told and changes nothing. */
export function every(
  ms: number,
  work: () => Promise<unknown>,
  onProblem: (text: string) => void,
): NodeJS.Timeout {
  let busy = false;
  return setInterval(() => {
    if (busy) return;
    busy = true;
    work()
      .catch((thrown: unknown) => onProblem(asMillraceError(thrown).message))
      .finally(() => (busy = false));
  }, ms);
}
