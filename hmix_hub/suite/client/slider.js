/** A slider from 0 to 100, or to another number, that knows whether it was touched: untouched it has no thumb and no value. */
import { faultLine, fixed, make, setFault } from './dom.js';
import { LONGEST_PATH, THIN } from './timing.js';
import { word } from './words.js';

/** Make a slider: `id` and `label`, words at its ends, `describe(value)` for a value's text, `now()` for times,
 * the highest value, `show(value)` for a shorter text on the page. */
export function makeSlider(id, label, ends, describe, now, max = 100, show = describe) {
	const path = [];
	const fault = faultLine(`${id}-fault`);
	const output = make('output', { for: id, 'aria-live': 'off' });
	const listeners = { oninput: touch, onclick: touch, onpointerup, onkeydown };
	const range = { type: 'range', id, max, class: 'untouched', 'aria-describedby': fault.id };
	const input = make('input', { ...range, ...listeners });
	const node = make(
		'div',
		{ class: 'slider' },
		make('div', { class: 'row' }, make('label', { for: id }, label), output),
		make('div', { dir: 'ltr' }, input, make('div', { class: 'row ends' }, ends.map(fixed))),
		fault,
	);
	const isTouched = () => path.length > 0;
	tell();

	/** The middle is set by a press that moves nothing, too. */
	function touch() {
		const value = input.valueAsNumber;
		if (path.at(-1)?.[1] !== value) keepMovement(path, [now(), value]);
		input.className = '';
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
		const text = isTouched() ? describe(input.valueAsNumber) : word('not_set');
		input.setAttribute('aria-valuetext', text);
		input.style.setProperty('--share', `${(100 * input.value) / max}%`);
		output.textContent = isTouched() ? show(input.valueAsNumber) : text;
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
