/** Pictures, fetched and decoded in advance so that they are painted in the frame in which they are inserted. */
import { make } from './dom.js';

const ahead = new Map();

export async function load(name, alt = '') {
	const picture = make('img', { alt, class: 'picture', draggable: 'false' });
	picture.decoding = 'sync';
	picture.src = `pictures/${name}.png`;
	await picture.decode();
	return picture;
}

/** Fetch pictures that are needed soon; `take` hands each out once. */
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

/** Return whether a picture is on the page and drawn. */
export function isDrawn(picture) {
	return picture.isConnected && picture.complete && picture.naturalWidth > 0 && picture.clientWidth > 0;
}
