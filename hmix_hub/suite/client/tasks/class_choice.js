/** class_choice: one picture and a choice of one class; optionally a slider for confidence. */
import { add, make } from '../dom.js';
import { makeGroup } from '../group.js';
import { KEYS, named } from '../keys.js';
import { session } from '../session.js';
import { makeSlider } from '../slider.js';
import { word } from '../words.js';

export default function makeTask(page, now) {
	const names = session.view.classes;
	const classes = page.class_order.map((code) => [code, names[code]]);
	const group = makeGroup('radio', 'class', word('classes'), classes);
	const slider = page.confidence ? makeConfidence(now) : null;
	group.list.translate = false;
	// Sighted participants read the question above instead.
	group.node.firstChild.className = 'unseen';
	group.list.addEventListener('change', () => group.setFault(''));
	if (!group.search) group.inputs.forEach(sayKey);

	/** Show a class's key beside it; screen readers announce it with the class. */
	function sayKey(input, place) {
		input.setAttribute('aria-keyshortcuts', KEYS[place]);
		add(group.labels[place], make('kbd', { 'aria-hidden': 'true' }, KEYS[place]));
	}

	return {
		controls: [group.node, slider?.node],
		entered: true,
		/** Choose the class of a key or, if there are many classes, start the search. */
		onkey(event) {
			if (group.search && /^[\p{L}\p{N}]$/u.test(event.key)) group.search.focus();
			const input = group.search ? null : group.inputs[KEYS.indexOf(named(event))];
			input?.focus();
			input?.click();
			return Boolean(input);
		},
		read() {
			const [chosen] = group.values();
			const isOpen = chosen === undefined;
			const isUnset = slider && page.must_touch && !slider.isTouched();
			if (isOpen) group.setFault(word('class_open'));
			if (isUnset) slider.askFor();
			if (isOpen) group.focus();
			else if (isUnset) slider.focus();
			if (isOpen || isUnset) return null;
			if (!slider) return { answer: { chosen } };
			const said = { confidence: slider.value(), touched: slider.isTouched(), confidence_path: slider.path };
			return { answer: { chosen, ...said } };
		},
	};
}

function makeConfidence(now) {
	const ends = [word('confidence_low'), word('confidence_high')];
	return makeSlider('confidence', word('confidence'), ends, (percent) => word('confidence_value', { percent }), now);
}
