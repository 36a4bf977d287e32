/** Waits and limits, in one place; milliseconds unless the name says otherwise. */

/** How long the server may stay away at the end before the fallback code is shown. */
export const AWAY = 20_000;
/** Waits between attempts to send: the first, doubled up to the longest. */
export const FIRST_WAIT = 500;
export const LONGEST_WAIT = 15_000;
/** A request without an answer for so long has failed. */
export const REQUEST = 15_000;
/** A new page's main button sleeps so long: the second click of a double click is not meant for it. */
export const WAKE = 250;
/** How long a new tab listens for others. */
export const LISTEN = 200;
/** Slider movement is kept once in so long. */
export const THIN = 40;
/** A path has at most so many entries. */
export const LONGEST_PATH = 1500;
/** Pictures of so many coming trials are fetched ahead. */
export const TRIALS_AHEAD = 2;
