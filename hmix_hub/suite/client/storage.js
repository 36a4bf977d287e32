/**
 * Small texts that survive a reload: in localStorage, or where the browser forbids that or it is full, with the tab's
 * history entry, which a reload keeps and closing the tab does not.
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

/** Whether texts survive the closing of the tab. */
export const isLasting = place !== null;

/** Part one study's texts from another's at the same address. */
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

/** Whether a text would be lost with the tab. */
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
