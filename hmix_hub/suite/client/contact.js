/** Whom to ask: below every page, and within those that send people there. */
import { fill, make, part } from './dom.js';
import { inline } from './markdown.js';
import { word } from './words.js';

let contact = '';

export function setContact(text) {
	contact = text;
	fill(part('contact'), contactLine());
}

/** Make the line; nothing while the study is not known. */
export function contactLine() {
	return contact && make('p', { class: 'contact' }, word('contact'), ' ', inline(contact));
}
