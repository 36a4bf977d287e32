/** A slider from 0 to 100, or another maximum, that has no thumb and no value until it is touched. */
import { faultLine, fill, fixed, make, setFault } from './dom.js';
import { LONGEST_PATH, THIN } from './timing.js';
import { word } from './words.js';

/**
 * Make a slider with an `id`, a `label` and texts at its ends. `describe(value)` returns the nodes of a value's text,
 * `now()` the time in ms. Options: `max` is the highest value, `show(value)` a shorter text for the page, `origin` the
 * neutral value from which the track is filled: 0 for an amount, the middle for a balance between two ends. The label
 * has no `for`, because a click on it would set the slider.
 */
export function makeSlider(id, label, ends, describe, now, { max = 100, show = describe, origin = 0 } = {}) {
	const path = [];
	const fault = faultLine(`${id}-fault`);
	const output = make('output', { for: id, 'aria-live': 'off' });
	const listeners = { oninput: touch, onclick: touch, onpointerup, onkeydown };
	const named = { 'aria-labelledby': `${id}-label`, 'aria-describedby': fault.id, translate: 'no' };
	const input = make('input', { type: 'range', id, max, ...named, ...listeners });
	const filled = make('div', { class: 'filled' });
	const range = make('div', { class: 'range untouched' }, make('div', { class: origin ? 'track two-sided' : 'track' }, filled), input);
	const node = make(
		'div',
		{ class: 'slider' },
		make('div', { class: 'row' }, make('span', { class: 'label', id: `${id}-label` }, label), output),
		make('div', { dir: 'ltr' }, range, make('div', { class: 'row ends' }, ends.map(fixed))),
		fault,
	);
	const isTouched = () => path.length > 0;
	tell();

	/** Record the value; a press that moves nothing counts too, so that the middle can be chosen. */
	function touch() {
		const value = input.valueAsNumber;
		if (path.at(-1)?.[1] !== value) keepMovement(path, [now(), value]);
		range.className = 'range';
		setFault(fault, input, '');
		tell();
	}

	/** Count a tap, which fires no click on a slider; a mouse press is already handled by `onclick`. */
	function onpointerup({ pointerType }) {
		if (pointerType !== 'mouse' && !input.matches(':disabled')) touch();
	}

	function onkeydown(event) {
		if (event.key !== 'Enter' && event.key !== ' ') return;
		event.preventDefault();
		touch();
	}

	function tell() {
		const value = input.valueAsNumber;
		const [text, short] = isTouched() ? [describe(value), show(value)] : [word('not_set'), word('not_set')];
		const [from, to] = [origin, value].sort((one, other) => one - other);
		input.setAttribute('aria-valuetext', make('span', {}, text).textContent);
		filled.style.left = `${(100 * from) / max}%`;
		filled.style.width = `${(100 * (to - from)) / max}%`;
		fill(output, short);
	}

	return {
		node,
		path,
		isTouched,
		value: () => (isTouched() ? input.valueAsNumber : null),
		askFor: () => setFault(fault, input, word('slider_open')),
		focus: () => input.focus(),
	};
}

/** Record a movement [ms, value], at most one per `THIN` ms besides the first and last; a full path is halved. */
function keepMovement(path, entry) {
	if (path.length > 1 && path.at(-1)[0] - path.at(-2)[0] < THIN) path.pop();
	if (path.length >= LONGEST_PATH) path.splice(0, path.length, ...path.filter((_, number) => number % 2 === 0));
	path.push(entry);
}
