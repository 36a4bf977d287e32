/** The contact line: below every page, and within pages that ask participants to get in touch. */
import { fill, make, part } from './dom.js';
import { inline } from './markdown.js';
import { word } from './words.js';

let contact = '';

export function setContact(text) {
	contact = text;
	fill(part('contact'), contactLine());
}

/** Make the line; return nothing until the study has been loaded. */
export function contactLine() {
	return contact && make('p', { class: 'contact' }, word('contact'), ' ', inline(contact));
}
