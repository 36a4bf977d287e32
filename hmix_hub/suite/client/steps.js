/** A row of steps between two ends. */
import { add, fixed, make } from './dom.js';
import { makeGroup } from './group.js';

/** A phone has room for so many steps in a row. */
const LONGEST_ROW = 7;

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
