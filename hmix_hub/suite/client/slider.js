/** A slider from 0 to 100, or to another number, that knows whether it was touched: untouched it has no thumb and no value. */
import { faultLine, fill, fixed, make, setFault } from './dom.js';
import { LONGEST_PATH, THIN } from './timing.js';
import { word } from './words.js';

/**
 * Make a slider: `id` and `label`, words at its ends, `describe(value)` for the nodes of a value's text, `now()` for
 * times. Of its options `max` is the highest value and `show(value)` gives a shorter text for the page. The track is
 * filled from `origin`, the value that says nothing of either end: 0 where a slider says how much, the middle where it
 * says which of two has more. The label is not the input's own (`for`): a click on it would set the slider.
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

	/** The middle is set by a press that moves nothing, too. */
	function touch() {
		const value = input.valueAsNumber;
		if (path.at(-1)?.[1] !== value) keepMovement(path, [now(), value]);
		range.className = 'range';
		setFault(fault, input, '');
		tell();
	}

	/** A finger's press is no click; unlike a mouse's, it ends where it began. */
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

/** Keep a movement [ms, value], one in `THIN` besides the first and the last; a full path loses every other. */
function keepMovement(path, entry) {
	if (path.length > 1 && path.at(-1)[0] - path.at(-2)[0] < THIN) path.pop();
	if (path.length >= LONGEST_PATH) path.splice(0, path.length, ...path.filter((_, number) => number % 2 === 0));
	path.push(entry);
}
