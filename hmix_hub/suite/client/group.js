/** Groups of choices: radio buttons, checkboxes, long lists with a search field, and steps in a row between two ends. */
import { add, faultLine, fill, fixed, make, setFault } from './dom.js';
import { word } from './words.js';

/** Number of choices above which a list gets a search field. */
const FEW = 30;
/** Number of steps that fit in one row on a phone. */
const LONGEST_ROW = 7;

/** Number choices from 1, as the answers do. */
export const numbered = (choices) => choices.map((text, place) => [place + 1, text]);

/** Make a group of choices [value, text], `type` radio or checkbox; `frame(list)` wraps the list in other nodes. */
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

/** Make a search field: choices that do not contain the typed text are hidden unless they are chosen. */
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

	/** Enter chooses the first match (in a checkbox group, the next can then be typed); Escape shows all choices. */
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

/** Return a name in lower case and without accents, so that typing is forgiving. */
function plain(text) {
	return text
		.trim()
		.toLowerCase()
		.normalize('NFKD')
		.replace(/\p{M}/gu, '');
}

/** Make a group of steps with values from `first`; the first and last are also labelled with the texts at the ends. */
export function makeSteps(id, question, [low, high], count, first = 0) {
	const steps = Array.from({ length: count }, (_, place) => [place + first, String(place + 1)]);
	const ends = [low, high].map((end) => make('span', { class: 'small', 'aria-hidden': 'true' }, fixed(end)));
	const frame = (list) => make('div', { class: 'scale', dir: 'ltr' }, ends[0], list, ends[1]);
	const group = makeGroup('radio', id, question, steps, count <= LONGEST_ROW ? 'steps' : 'steps long', frame);
	add(group.labels[0], make('span', { class: 'unseen' }, ', ', fixed(low)));
	add(group.labels.at(-1), make('span', { class: 'unseen' }, ', ', fixed(high)));
	return group;
}
