/** A row of steps between two ends. */
import { fixed, make, makeGroup } from './dom.js';

/** A phone has room for so many steps in a row. */
const LONGEST_ROW = 7;

/** Make a group of steps, valued from `first`; the first and the last are also called by what stands at the ends. */
export function makeSteps(id, question, [low, high], count, first = 0) {
	const steps = Array.from({ length: count }, (_, place) => [place + first, String(place + 1)]);
	const group = makeGroup('radio', id, question, steps, count <= LONGEST_ROW ? 'steps' : 'steps long');
	const ends = [low, high].map((end) => make('span', { class: 'small', 'aria-hidden': 'true' }, fixed(end)));
	const scale = make('div', { class: 'scale', dir: 'ltr' });
	group.labels[0].append(make('span', { class: 'unseen' }, ', ', fixed(low)));
	group.labels.at(-1).append(make('span', { class: 'unseen' }, ', ', fixed(high)));
	group.list.replaceWith(scale);
	scale.append(ends[0], group.list, ends[1]);
	return group;
}
