/** What all trials share: pictures are drawn before anything can be answered, time runs from then on, one answer goes out. */
import { makeCategorical } from './categorical.js';
import { makeConstruct } from './construct.js';
import { button, buttons, faultLine, frame, make } from './dom.js';
import { makeInfer } from './infer.js';
import { isDrawn, take } from './pictures.js';
import { makeSelect } from './select.js';
import { show } from './screen.js';
import { session } from './session.js';
import { word } from './words.js';

const TASKS = {
	construct_midpoint: makeConstruct,
	select_shuffled_midpoint: makeSelect,
	infer_mixing_factor: makeInfer,
	categorical_soft_labels: makeCategorical,
};

/**
 * Show a trial; `drawn()` once its pictures are, `answered(answer)` with what is to be stored.
 *
 * A task is {stage, controls, alts, place(pictures, signal), read()}: the pictures' place, controls and alternative
 * texts; `place` puts decoded pictures on the page within a frame and gives those that show; `read` gives {pictures,
 * answer}, or null after saying what is still to be done.
 */
export function showTrial(page, drawn, answered) {
	const { task: name, size, question } = session.view;
	let start = 0;
	const now = () => Math.round((performance.now() - start) * 10) / 10;
	const task = TASKS[name](page, now);
	const submit = button(word('submit'), onSubmit);
	const controls = make('fieldset', { class: 'controls', disabled: true }, ...task.controls, buttons(submit));
	const fault = faultLine('picture-fault');
	const again = button(word('picture_again'), draw, 'second');
	const layout = make('div', { class: 'trial' }, task.stage, fault, again, controls);
	let isSent = false;
	task.stage.style.setProperty('--size', `${size}px`);
	const signal = show(question, [layout], name);
	window.addEventListener('online', () => !again.hidden && draw(), { signal });
	draw();

	async function draw() {
		again.hidden = true;
		fault.textContent = '';
		layout.setAttribute('aria-busy', 'true');
		try {
			await place(await take(page.pictures, task.alts));
		} catch {
			fault.textContent = word('picture_failed');
			again.hidden = false;
		}
	}

	async function place(pictures) {
		await frame();
		if (signal.aborted) return;
		const shown = task.place(pictures, signal);
		start = performance.now();
		await frame();
		if (!signal.aborted && !shown.every(isDrawn)) throw new Error('a picture is not on the page');
		layout.removeAttribute('aria-busy');
		controls.disabled = false;
		if (document.activeElement === document.body) document.querySelector('h1').focus();
		drawn();
	}

	async function onSubmit() {
		if (isSent) return;
		isSent = true;
		const read = await task.read();
		if (signal.aborted) return;
		isSent = read !== null;
		if (isSent) answered({ response_time_ms: now(), ...read });
	}
}
