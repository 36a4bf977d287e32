/** The consent form. */
import { button, buttons, faultLine, make, setFault } from './dom.js';
import { rich } from './markdown.js';
import { show } from './screen.js';
import { word } from './words.js';

/** Show the form. All its boxes must be ticked first; `agree()` returns a sentence to show if joining failed. */
export function showConsent({ consent }, agree, decline, note) {
	const fault = faultLine('consent-fault');
	const boxes = [];
	const onchange = () => boxes.filter((box) => box.checked).forEach((box) => setFault(fault, box, ''));
	const yes = button(word('agree'), onAgree);
	fault.textContent = note;
	show(word('consent_heading'), [
		make('div', { id: 'consent-text', onchange }, rich(consent.text, boxes)),
		make('p', { class: 'small' }, word('consent_version', { version: consent.version })),
		fault,
		buttons(yes, button(word('decline'), decline, 'second')),
	]);

	async function onAgree() {
		const open = boxes.filter((box) => !box.checked);
		for (const box of open) setFault(fault, box, word('box_open'));
		open[0]?.focus();
		if (open.length) return;
		yes.disabled = true;
		fault.textContent = (await agree()) ?? '';
		yes.disabled = false;
		yes.focus();
	}
}
