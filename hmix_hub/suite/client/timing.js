/** Waits in milliseconds, and limits. */

/** The server may stay away so long at the end before the fallback code is shown. */
export const AWAY = 20_000;
/** Between attempts to send: the first wait, doubled up to the longest. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** A request without an answer for so long has failed. */
export const REQUEST = 15_000;
/** While the study is paused, it is asked so often whether it goes on. */
export const PAUSED = 15_000;
/** A new page's main button sleeps: the second click of a double click is not meant for it. */
export const WAKE = 250;
/** Who is sent on to the recruiting platform has so long to read why. */
export const ONWARD = 4000;
/** A new tab listens so long for others. */
export const LISTEN = 100;
/** An answer on its way is no news before. */
export const PATIENCE = 400;
/** Slider movement is kept once in so long. */
export const THIN = 40;
export const LONGEST_PATH = 1500;
/** Trials whose pictures are fetched ahead. */
export const TRIALS_AHEAD = 2;

/** The wait after so many failures, with jitter: not all browsers come back at once. */
export function backOff(failures) {
	return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
