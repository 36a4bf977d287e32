/** Pages between trials: feedback on a practice trial, breaks, and the next part of a sitting. */
import { button, buttons, fill, make } from './dom.js';
import { rich } from './markdown.js';
import { take } from './pictures.js';
import { show } from './screen.js';
import { fit } from './sizes.js';
import { word } from './words.js';

/** Show the feedback on a practice trial beside its picture; `isLast`: real trials follow. */
export function showFeedback({ feedback, isLast }, pictures, forth) {
	const said = [...rich(feedback), ...(isLast ? rich(word('practice_over')) : [])];
	const controls = make('div', { class: 'controls' }, said, buttons(button(word(isLast ? 'practice_start' : 'next'), forth)));
	const stage = make('div', { class: 'single', hidden: pictures.length > 1 });
	const layout = make('div', { class: 'trial' }, stage, controls);
	const signal = show(word('practice_feedback'), [layout], 'beside');
	if (pictures.length > 1) return;
	take(pictures, [word('picture')]).then((taken) => {
		if (signal.aborted) return;
		fit(layout, stage, controls, taken);
		fill(stage, taken);
	}, () => {
		stage.hidden = true;
	});
}

export function showBreak({ text, number, of }, forth) {
	showRest(word('break_heading'), text ?? word('break_text', { number, of }), forth);
}

export function showPartBegin(number, of, forth) {
	showRest(word('part_heading', { number, of }), word('part_text'), forth);
}

function showRest(heading, text, forth) {
	show(heading, [...rich(text), buttons(button(word('break_over'), forth))]);
}
