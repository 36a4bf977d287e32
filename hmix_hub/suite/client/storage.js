/**
 * Small texts that survive a reload: in localStorage or, if that is blocked or full, in the tab's history entry, which is
 * lost when the tab is closed.
 */

let place = null;
try {
	place = window.localStorage;
	place.setItem('hmix.probe', '1');
	place.removeItem('hmix.probe');
} catch {
	place = null;
}
const memory = new Map(Object.entries(history.state ?? {}));
let prefix = 'hmix.';

/** Whether texts survive closing the tab. */
export const isLasting = place !== null;

/** Keep this study's texts apart from those of other studies on the same host. */
export function openStorage(name) {
	prefix = `hmix.${name}.`;
}

export function get(name) {
	return memory.get(prefix + name) ?? place?.getItem(prefix + name) ?? null;
}

export function set(name, text) {
	remember(name);
	try {
		place.setItem(prefix + name, text);
	} catch {
		remember(name, text);
	}
}

export function remove(name) {
	remember(name);
	place?.removeItem(prefix + name);
}

export function names(start) {
	const keys = new Set([...memory.keys(), ...Object.keys(place ?? {})]);
	return [...keys].filter((key) => key.startsWith(prefix + start)).map((key) => key.slice(prefix.length));
}

/** Return whether a text would be lost with the tab. */
export function isLostWithTab(name) {
	return memory.has(prefix + name);
}

export function setAddress(address) {
	history.replaceState(history.state, '', address);
}

function remember(name, text = null) {
	const key = prefix + name;
	if (text !== null) memory.set(key, text);
	else if (!memory.delete(key)) return;
	history.replaceState(Object.fromEntries(memory), '');
}
