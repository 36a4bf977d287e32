/** What all trials share: controls are enabled once the pictures are drawn, time runs from then on, one answer is sent. */
import { button, buttons, faultLine, fill, frame, make, part } from './dom.js';
import { isDrawn, take } from './pictures.js';
import { show } from './screen.js';
import { session } from './session.js';
import { fit } from './sizes.js';
import { watchFocus } from './surroundings.js';
import { makeTask } from './tasks.js';
import { word } from './words.js';

/** Show a trial; calls `drawn()` once its pictures are drawn and `answered(answer)` with the answer to store. */
export function showTrial(page, drawn, answered) {
	let start = 0;
	let focus = null;
	const now = () => Math.round((performance.now() - start) * 10) / 10;
	const task = makeTask(page, now);
	const { stage = make('div', { class: 'single' }), alts = page.pictures.map(() => word('picture')) } = task;
	const submit = button(word('submit'), onSubmit);
	const controls = make('fieldset', { class: 'controls', disabled: true }, ...task.controls, buttons(submit));
	const fault = faultLine('picture-fault');
	const again = button(word('picture_again'), draw, 'second');
	const layout = make('div', { class: 'trial' }, stage, fault, again, controls);
	let isSent = false;
	let placed = [];
	const signal = show(session.view.question, [layout], task.grid ? '' : 'beside');
	if (task.onkey) part('main').addEventListener('keydown', onKey, { signal });
	window.addEventListener('online', () => !again.hidden && draw(), { signal });
	window.addEventListener('resize', onResize, { signal });
	draw();

	async function draw() {
		again.hidden = true;
		fault.textContent = '';
		layout.setAttribute('aria-busy', 'true');
		controls.disabled = true;
		try {
			await place(await take(page.pictures, alts));
		} catch {
			fault.textContent = word('picture_failed');
			again.hidden = false;
		}
	}

	async function place(pictures) {
		await frame();
		if (signal.aborted) return;
		placed = pictures;
		fit(layout, stage, controls, pictures, task.grid);
		if (!task.place) fill(stage, pictures);
		const shown = task.place?.(pictures) ?? pictures;
		start = performance.now();
		focus = session.view.watches_focus && watchFocus(signal);
		await frame();
		if (!signal.aborted && !shown.every(isDrawn)) throw new Error('a picture is not on the page');
		layout.removeAttribute('aria-busy');
		controls.disabled = false;
		if (document.activeElement === document.body) document.querySelector('h1').focus();
		drawn();
	}

	/** Fit again, except while typing, when the resize comes from the on-screen keyboard. */
	function onResize() {
		if (placed.length && document.activeElement.type !== 'text') fit(layout, stage, controls, placed, task.grid);
	}

	/** Handle a key, only while the focus is within the main part (WCAG 2.1.4) and not in a text field. */
	function onKey(event) {
		const { target } = event;
		if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || controls.disabled) return;
		if (target.type === 'text' || (event.key === 'Enter' && target.closest('button'))) return;
		if (task.onkey(event)) event.preventDefault();
		else if (task.entered && event.key === 'Enter') submit.click();
	}

	async function onSubmit() {
		if (isSent) return;
		isSent = true;
		const read = await task.read();
		if (signal.aborted) return;
		isSent = read !== null;
		if (isSent) answered({ response_time_ms: now(), pictures: page.pictures, ...(focus && { focus: focus() }), ...read });
	}
}
