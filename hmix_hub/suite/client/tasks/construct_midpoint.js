/** construct_midpoint: one picture, moved step by step between the two ends. */
import { faultLine, fill, frame, make, setFault } from '../dom.js';
import { LONGEST_PATH } from '../timing.js';
import { phrase, word } from '../words.js';

const KEYS = { g: -1, ArrowLeft: -1, KeyG: -1, h: 1, ArrowRight: 1, KeyH: 1 };

export default function makeTask(page, now) {
	const stage = make('div', { class: 'single' });
	const movers = [makeMover('left', 'g', page.left, () => move(-1)), makeMover('right', 'h', page.right, () => move(1))];
	const last = page.pictures.length - 1;
	const fault = faultLine('construct-fault');
	const row = make('div', { class: 'movers', dir: 'ltr', role: 'group', 'aria-describedby': fault.id });
	const path = [];
	const steps = [];
	let pictures = null;
	let shown = page.start;
	let running = null;

	/** Request a step; it counts once its picture is on the screen. */
	function move(step) {
		const next = steps.reduce((sum, one) => sum + one, shown) + step;
		if (!pictures || next < 0 || next > last || path.length + steps.length >= LONGEST_PATH) return;
		steps.push(step);
		running ??= run();
	}

	/** Show each step in its own frame, and record it in that frame. */
	async function run() {
		for (; steps.length; sayEnds()) {
			await frame();
			shown += steps.shift();
			fill(stage, pictures[shown]);
			path.push([now(), shown]);
			setFault(fault, row, '');
		}
		running = null;
	}

	function sayEnds() {
		const isFull = path.length >= LONGEST_PATH;
		movers[0].setEnd(isFull || shown === 0);
		movers[1].setEnd(isFull || shown === last);
	}

	function onkey(event) {
		const step = KEYS[event.key] ?? KEYS[event.code];
		if (step) move(step);
		return Boolean(step);
	}

	return {
		stage,
		controls: [fill(row, movers.map((mover) => mover.node)), fault],
		onkey,
		place(decoded) {
			pictures = decoded;
			fill(stage, pictures[shown]);
			path[0] = [0, shown];
			sayEnds();
			return [pictures[shown]];
		},
		async read() {
			await running;
			await frame();
			if (page.must_touch && path.length < 2) {
				setFault(fault, row, word('construct_open'));
				movers[shown === last ? 0 : 1].focus();
				return null;
			}
			return { pictures: [page.pictures[shown]], answer: { position: shown, path } };
		},
	};
}

function makeMover(side, key, name, onclick) {
	const end = make('span', { class: 'end' });
	const node = make(
		'button',
		{ type: 'button', class: `mover to-${side}`, onclick, 'aria-keyshortcuts': key },
		make('span', {}, phrase('towards', { class: name })),
		make('kbd', { 'aria-hidden': 'true' }, key),
		end,
	);
	const setEnd = (isAtEnd) => {
		node.setAttribute('aria-disabled', isAtEnd);
		end.textContent = isAtEnd ? word('at_end') : '';
	};
	return { node, setEnd, focus: () => node.focus() };
}
