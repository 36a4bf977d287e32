/** The saving status. */
import { isFailing, onChange, waiting } from './queue.js';
import { setStatus } from './screen.js';
import { PATIENCE } from './timing.js';
import { word } from './words.js';

let isShown = false;
let later = null;

export function showStatus(is) {
	isShown = is;
	if (is) tell();
	else setStatus('none', '');
}

function tell() {
	clearTimeout(later);
	if (!isShown) return;
	const count = waiting().length;
	const counted = (name) => word(`${name}_${count === 1 ? 'one' : 'many'}`, { count });
	if (count === 0) setStatus('saved', word('all_saved'));
	else if (isFailing()) setStatus('failing', counted('failing'));
	else {
		setStatus('saving', word('saving'));
		later = setTimeout(() => setStatus('waiting', counted('waiting')), PATIENCE);
	}
}

onChange(tell);
