/** Waits in milliseconds, and limits. */

/** Time at the end without a connection until the fallback code is shown. */
export const AWAY = 20_000;
/** Waits between attempts to send: doubled from the first to the longest. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Timeout of a request. */
export const REQUEST = 15_000;
/** Interval at which a paused study is checked. */
export const PAUSED = 15_000;
/** Time for which a new page's main button is disabled, so that a double click does not press it. */
export const WAKE = 250;
/** Time to read the page before the redirect to the recruiting platform. */
export const ONWARD = 4000;
/** Time for which a new tab listens for others. */
export const LISTEN = 100;
/** Time until an unsent answer is reported as waiting. */
export const PATIENCE = 400;
/** Minimum time between recorded slider movements. */
export const THIN = 40;
export const LONGEST_PATH = 1500;
/** Number of trials whose pictures are fetched ahead. */
export const TRIALS_AHEAD = 2;

/** Return the wait after a number of failures, with jitter so that browsers do not all return at once. */
export function backOff(failures) {
	return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
