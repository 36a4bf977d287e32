/** select_shuffled_midpoint: a choice of one of eleven pictures in a grid. */
import { faultLine, fill, make, setFault } from '../dom.js';
import { word } from '../words.js';

export default function makeTask(page) {
	const of = page.pictures.length;
	const fault = faultLine('select-fault');
	const inputs = page.pictures.map((_, value) => make('input', { type: 'radio', name: 'place', value, class: 'unseen' }));
	const cells = inputs.map((input) => make('label', { class: 'cell' }, input, make('span', { class: 'place' })));
	const properties = { role: 'radiogroup', 'aria-label': word('grid'), 'aria-describedby': fault.id };
	const onchange = () => setFault(fault, stage, '');
	// Left to right in every language, because the data lists the pictures of the grid in this order.
	const stage = make('fieldset', { class: 'grid', dir: 'ltr', disabled: true, ...properties, onchange, onkeydown }, cells);

	/** Up and down move by one row of the grid as displayed; the browser handles left and right. */
	function onkeydown(event) {
		const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
		if (!turn) return;
		event.preventDefault();
		const columns = cells.filter((cell) => cell.offsetTop === cells[0].offsetTop).length;
		const next = inputs[inputs.indexOf(event.target) + turn * columns];
		next?.focus();
		next?.click();
	}

	return {
		grid: { around: 12 },
		stage,
		controls: [fault],
		alts: page.pictures.map((_, place) => word('grid_picture', { number: place + 1, of })),
		place(pictures) {
			pictures.forEach((picture, place) => fill(cells[place].lastChild, picture));
			stage.disabled = false;
			return pictures;
		},
		read() {
			const place = inputs.findIndex((input) => input.checked);
			if (place >= 0) return { answer: { place } };
			setFault(fault, stage, word('select_open'));
			inputs[0].focus();
			return null;
		},
	};
}
