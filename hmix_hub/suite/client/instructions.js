/** A page of instructions, with worked examples. */
import { add, button, buttons, fill, make } from './dom.js';
import { rich } from './markdown.js';
import { load } from './pictures.js';
import { show } from './screen.js';
import { layOut } from './sizes.js';
import { word } from './words.js';

/** Maximum length of an example's longer side, in CSS pixels. */
const LARGEST = 112;

export function showInstructions(page, { back, forth, isLast }) {
	show(word('instructions_heading'), [
		make('div', { id: 'instructions-text' }, rich(page.text)),
		...page.examples.map(makeExample),
		buttons(button(word(isLast ? 'start' : 'next'), forth), back && button(word('back'), back, 'second')),
	]);
}

function makeExample({ pictures, text }, number) {
	const of = pictures.length;
	const strip = make('div', { class: 'strip', dir: 'ltr' });
	add(strip, pictures.map((name, place) => makePicture(strip, of, name, word('example_picture', { number: place + 1, of }))));
	return make(
		'figure',
		{ class: 'example', 'aria-label': word('example', { number: number + 1 }) },
		strip,
		make('figcaption', {}, rich(text)),
	);
}

/** Make a placeholder for a picture; it shows the picture once decoded, or a button to try again. */
function makePicture(strip, of, name, alt) {
	const place = make('span', { class: 'place' });
	const draw = async () => {
		const offer = () => button(word('picture_again'), draw, 'second');
		const picture = await load(name, alt).catch(offer);
		fill(place, picture);
		if (picture.naturalWidth) layOut(strip, [picture], of, { fewest: Math.ceil(Math.sqrt(of)), most: LARGEST, width: strip.clientWidth, around: 12 });
	};
	draw();
	return place;
}
