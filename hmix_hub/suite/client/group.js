/** Choices, one or several of them; many are searched by typing, and steps stand in a row between two ends. */
import { add, faultLine, fill, fixed, make, setFault } from './dom.js';
import { word } from './words.js';

/** So many choices are looked through; of more, a part of the name is typed. */
const FEW = 30;
/** A phone has room for so many steps in a row. */
const LONGEST_ROW = 7;

/** Number choices from 1, as answers do. */
export const numbered = (choices) => choices.map((text, place) => [place + 1, text]);

/** Make a group of choices [value, text], of one (radio) or several (checkbox); `frame(list)` may stand around them. */
export function makeGroup(type, name, legend, choices, kind = 'choices', frame = (list) => list) {
	const fault = faultLine(`${name}-fault`);
	const inputs = choices.map(([value]) => make('input', { type, name, value }));
	const labels = choices.map(([, text], place) => make('label', { class: 'choice' }, inputs[place], make('span', {}, text)));
	const isMany = choices.length > FEW;
	const list = make('div', { class: isMany ? `${kind} many` : kind }, labels);
	const search = isMany ? makeSearch(type, name, labels, inputs) : null;
	const node = make(
		'fieldset',
		{ class: 'asked', role: type === 'radio' ? 'radiogroup' : 'group', 'aria-describedby': fault.id },
		make('legend', {}, legend),
		search?.node,
		frame(list),
		fault,
	);
	return {
		node,
		list,
		inputs,
		labels,
		search,
		values: () => inputs.filter((input) => input.checked).map(({ value }) => Number(value)),
		focus: () => (inputs.find((input) => input.checked) ?? search ?? inputs[0]).focus(),
		setFault: (text) => setFault(fault, node, text),
	};
}

/** Make a place to type part of a name: choices without it are hidden, but for those that are chosen. */
function makeSearch(type, name, labels, inputs) {
	const found = make('p', { class: 'small', id: `${name}-found`, role: 'status' });
	const properties = { type: 'text', id: `${name}-search`, class: 'search', autocomplete: 'off', spellcheck: 'false' };
	const field = make('input', { ...properties, 'aria-describedby': found.id, oninput: show, onkeydown });
	const texts = labels.map((label) => plain(label.textContent));
	const isFound = (place) => texts[place].includes(plain(field.value));

	function show() {
		labels.forEach((label, place) => {
			label.hidden = !inputs[place].checked && !isFound(place);
		});
		const number = texts.filter((_, place) => isFound(place)).length;
		fill(found, field.value.trim() && word('classes_found', { number, of: labels.length }));
	}

	/** Enter chooses the first that is found, and where several may be chosen the next can be typed; Escape shows all. */
	function onkeydown(event) {
		if (event.key !== 'Escape' && event.key !== 'Enter') return;
		event.preventDefault();
		const first = inputs[texts.findIndex((_, place) => isFound(place))];
		if (event.key === 'Escape') field.value = '';
		else if (first && type === 'radio') first.focus();
		else field.select();
		if (event.key === 'Enter') first?.click();
		show();
	}

	return {
		node: make('div', { class: 'searched' }, make('label', { for: field.id }, word('find_class')), field, found),
		field,
		focus: () => field.focus(),
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

/** Make a group of steps, valued from `first`; the first and the last are also called by what stands at the ends. */
export function makeSteps(id, question, [low, high], count, first = 0) {
	const steps = Array.from({ length: count }, (_, place) => [place + first, String(place + 1)]);
	const ends = [low, high].map((end) => make('span', { class: 'small', 'aria-hidden': 'true' }, fixed(end)));
	const frame = (list) => make('div', { class: 'scale', dir: 'ltr' }, ends[0], list, ends[1]);
	const group = makeGroup('radio', id, question, steps, count <= LONGEST_ROW ? 'steps' : 'steps long', frame);
	add(group.labels[0], make('span', { class: 'unseen' }, ', ', fixed(low)));
	add(group.labels.at(-1), make('span', { class: 'unseen' }, ', ', fixed(high)));
	return group;
}
