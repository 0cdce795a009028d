/** Begins the reason of the one kind of skipped test that there may be: its engine is missing. */
export const NOT_RUN = "not run: ";
