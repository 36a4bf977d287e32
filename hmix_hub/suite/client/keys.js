/** Keys by what stands on them. */

/** The digits and letters that choose among many, in the order in which they do. */
export const KEYS = [...'1234567890abcdefghijklmnopqrstuvwxyz'];

/** Return the digit or letter of a key, also where the keyboard's layout has another one there; nothing for other keys. */
export function named({ key, code }) {
	const name = key.toLowerCase();
	return KEYS.includes(name) ? name : /^(?:Key|Digit|Numpad)(\w)$/.exec(code)?.[1].toLowerCase();
}
