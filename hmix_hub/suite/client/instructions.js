/** A page of instructions, with worked examples. */
import { button, buttons, make, paragraphs } from './dom.js';
import { load } from './pictures.js';
import { show } from './screen.js';
import { word } from './words.js';

export function showInstructions(page, { back, forth, isLast }) {
	show(word('instructions_heading'), [
		make('div', { id: 'instructions-text' }, paragraphs(page.text)),
		...page.examples.map(makeExample),
		buttons(button(word(isLast ? 'start' : 'next'), forth), back && button(word('back'), back, 'second')),
	]);
}

function makeExample({ pictures, text }, number) {
	const of = pictures.length;
	const places = pictures.map((name, place) => makePicture(name, word('example_picture', { number: place + 1, of })));
	return make(
		'figure',
		{ class: 'example', 'aria-label': word('example', { number: number + 1 }) },
		make('div', { class: 'strip' }, places),
		make('figcaption', {}, paragraphs(text)),
	);
}

/** Make a place that a picture fills once it is decoded, or a button to try again. */
function makePicture(name, alt) {
	const place = make('span', { class: 'place' });
	const fill = async () => {
		const offer = () => button(word('picture_again'), fill, 'second');
		place.replaceChildren(await load(name, alt).catch(offer));
	};
	fill();
	return place;
}
