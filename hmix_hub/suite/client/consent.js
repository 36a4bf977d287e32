/** The consent form. */
import { button, buttons, faultLine, make, paragraphs } from './dom.js';
import { show } from './screen.js';
import { word } from './words.js';

/** Show the form; `agree()` gives a sentence if that was not possible now. */
export function showConsent({ consent }, agree, decline, note) {
	const fault = faultLine('consent-fault');
	const yes = button(word('agree'), onAgree);
	fault.textContent = note;
	show(word('consent_heading'), [
		make('div', { id: 'consent-text' }, paragraphs(consent.text)),
		make('p', { class: 'small' }, word('consent_version', { version: consent.version })),
		fault,
		buttons(yes, button(word('decline'), decline, 'second')),
	]);

	async function onAgree() {
		yes.disabled = true;
		fault.textContent = (await agree()) ?? '';
		yes.disabled = false;
		yes.focus();
	}
}
