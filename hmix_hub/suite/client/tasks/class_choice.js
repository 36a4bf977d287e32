/** class_choice: one picture and one of the classes; perhaps a slider for confidence. */
import { faultLine, make, makeGroup } from '../dom.js';
import { KEYS, named } from '../keys.js';
import { session } from '../session.js';
import { makeSlider } from '../slider.js';
import { word } from '../words.js';

export default function makeTask(page, now) {
	const names = session.view.classes;
	const classes = page.class_order.map((code) => [code, names[code]]);
	const isMany = classes.length > KEYS.length;
	const group = makeGroup('radio', 'class', word('classes'), classes, isMany ? 'choices many' : 'choices');
	const filter = isMany ? makeFilter(group) : null;
	const slider = page.confidence ? makeConfidence(now) : null;
	group.list.translate = false;
	// The question above says it to those who see the page.
	group.node.firstChild.className = 'unseen';
	group.list.addEventListener('change', () => group.setFault(''));
	if (!isMany) group.inputs.forEach(sayKey);

	/** A key is shown beside its class; screen readers tell it with the class. */
	function sayKey(input, place) {
		input.setAttribute('aria-keyshortcuts', KEYS[place]);
		group.labels[place].append(make('kbd', { 'aria-hidden': 'true' }, KEYS[place]));
	}

	return {
		controls: [filter?.node, group.node, slider?.node].filter(Boolean),
		entered: true,
		onkey(event) {
			const input = isMany ? null : group.inputs[KEYS.indexOf(named(event))];
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
			if (isOpen) (filter ?? group).focus();
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

/** A place to type part of a class's name: the others are hidden, but for the chosen one. */
function makeFilter({ labels, inputs }) {
	const found = faultLine('found');
	const properties = { type: 'text', id: 'find', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'found' };
	const input = make('input', { ...properties, oninput: filter, onkeydown });
	found.className = 'small';

	function shown() {
		return labels.filter((label) => !label.hidden);
	}

	function filter() {
		const asked = plain(input.value);
		labels.forEach((label, place) => {
			label.hidden = !inputs[place].checked && !plain(label.textContent).includes(asked);
		});
		const [number, of] = [labels.filter((label) => plain(label.textContent).includes(asked)).length, labels.length];
		found.textContent = asked ? word('classes_found', { number, of }) : '';
	}

	/** Enter chooses the first class that is left, Escape shows all again. */
	function onkeydown(event) {
		if (event.key === 'Escape') input.value = '';
		else if (event.key === 'Enter') {
			const first = shown().find((label) => plain(label.textContent).includes(plain(input.value)));
			first?.firstChild.focus();
			first?.firstChild.click();
			event.preventDefault();
		}
		filter();
	}

	return {
		node: make('div', { class: 'asked' }, make('label', { for: 'find' }, word('find_class')), input, found),
		focus: () => input.focus(),
	};
}

/** A name without case and accents: people type without. */
function plain(text) {
	return text
		.trim()
		.toLowerCase()
		.normalize('NFKD')
		.replace(/\p{M}/gu, '');
}
