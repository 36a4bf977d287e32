/** Between trials: what is said about a practice trial, breaks, and the next part of a sitting. */
import { button, buttons, fill, make, paragraphs } from './dom.js';
import { take } from './pictures.js';
import { show } from './screen.js';
import { word } from './words.js';

/** Say something about a practice trial, beside the picture that the answer was about; `isLast`: now it counts. */
export function showFeedback({ feedback, isLast }, pictures, forth) {
	const place = make('div', { class: 'strip', hidden: true });
	show(word('practice_feedback'), [
		place,
		...paragraphs(feedback),
		...(isLast ? paragraphs(word('practice_over')) : []),
		buttons(button(word(isLast ? 'practice_start' : 'next'), forth)),
	]);
	if (pictures.length > 1) return;
	take(pictures, [word('picture')]).then(([picture]) => {
		fill(place, make('span', { class: 'place' }, picture));
		place.hidden = false;
	}, () => {});
}

export function showBreak({ text, number, of }, forth) {
	const said = text ?? word('break_text', { number, of });
	show(word('break_heading'), [...paragraphs(said), buttons(button(word('break_over'), forth))]);
}

export function showPartBegin(number, of, forth) {
	show(word('part_heading', { number, of }), [...paragraphs(word('part_text')), buttons(button(word('break_over'), forth))]);
}
