/** Pictures, fetched and decoded before they are shown: what is put on the page is painted in that frame. */
import { make } from './dom.js';

const ahead = new Map();

export async function load(name, alt = '') {
	const picture = make('img', { alt, class: 'picture', draggable: 'false' });
	picture.decoding = 'sync';
	picture.src = `pictures/${name}.png`;
	await picture.decode();
	return picture;
}

/** Fetch pictures that come soon; `take` gives each out once. */
export function loadAhead(names) {
	for (const name of names.filter((one) => !ahead.has(one))) {
		ahead.set(name, load(name));
		ahead.get(name).catch(() => ahead.delete(name));
	}
}

export function take(names, alts) {
	const coming = names.map(async (name, number) => {
		const ready = ahead.get(name) ?? load(name);
		ahead.delete(name);
		const picture = await ready;
		picture.alt = alts[number];
		return picture;
	});
	return Promise.all(coming);
}

/** Whether a picture stands on the page with its pixels. */
export function isDrawn(picture) {
	return picture.isConnected && picture.complete && picture.naturalWidth > 0 && picture.clientWidth > 0;
}
