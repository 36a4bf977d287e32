/** Parts of the views: tables, sections, numbers and times as text; and updates that keep the focus. */
import { fill, make } from '../dom.js';

export const whole = (number) => (number == null ? '–' : number.toLocaleString('en'));
export const seconds = (ms) => (ms == null ? '–' : `${(ms / 1000).toLocaleString('en', { maximumFractionDigits: ms < 10_000 ? 1 : 0 })} s`);
export const counted = (number, one, many = `${one}s`) => `${whole(number)} ${number === 1 ? one : many}`;
export const plain = (name) => name.replaceAll('_', ' ');
export const batchName = (task, number) => `${plain(task)}, batch ${number}`;

export function minutes(number) {
	if (number < 1) return 'now';
	if (number < 120) return `${number} min`;
	if (number < 48 * 60) return `${Math.floor(number / 60)} h`;
	return `${Math.floor(number / 1440)} days`;
}

export function bytes(number) {
	if (number < 999_500) return `${Math.round(number / 1000)} kB`;
	if (number < 999.5e6) return `${(number / 1e6).toFixed(1)} MB`;
	return `${(number / 1e9).toFixed(1)} GB`;
}

export function section(heading, ...children) {
	return make('section', {}, make('h2', {}, heading), ...children);
}

/** Make a table; columns are [heading, class], cells are nodes or texts, the first of a row is its header. */
export function table(caption, columns, rows) {
	const classes = columns.map(([, name]) => name ?? '');
	const head = make('tr', {}, columns.map(([heading, name]) => make('th', { scope: 'col', class: name }, heading.cloneNode?.(true) ?? heading)));
	const body = rows.map((cells) =>
		make('tr', {}, cells.map((cell, place) => make(place ? 'td' : 'th', { class: classes[place], scope: place ? null : 'row' }, cell))),
	);
	const whole = make('table', {}, make('caption', { class: 'unseen' }, caption), make('thead', {}, head), make('tbody', {}, body));
	return make('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption }, whole);
}

/** Show nodes in `place`, keeping the scroll offsets and the focus, which is matched by `data-key`. */
export function showIn(place, ...nodes) {
	const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	const offsets = [...place.querySelectorAll('.scroll')].map((node) => node.scrollLeft);
	fill(place, nodes);
	for (const [number, node] of [...place.querySelectorAll('.scroll')].entries()) node.scrollLeft = offsets[number] ?? 0;
	if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Make a button with a key by which it is found again after an update. */
export function press(text, key, onclick, properties = {}) {
	return make('button', { type: 'button', 'data-key': key, onclick, ...properties }, text);
}

/** Make a select element of choices [value, text]. */
export function choose(label, key, choices, value, onchange) {
	const options = choices.map(([name, text]) => make('option', { value: name, selected: name === value }, text));
	return make('label', {}, make('span', {}, label), make('select', { 'data-key': key, onchange }, options));
}
