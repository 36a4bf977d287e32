/** Keys by their labels. */

/** The digits and letters that select the first, second, … choice of a list. */
export const KEYS = [...'1234567890abcdefghijklmnopqrstuvwxyz'];

/** Return the digit or letter of a key, falling back to its position on layouts that have none there; else undefined. */
export function named({ key, code }) {
	const name = key.toLowerCase();
	return KEYS.includes(name) ? name : /^(?:Key|Digit|Numpad)(\w)$/.exec(code)?.[1].toLowerCase();
}
