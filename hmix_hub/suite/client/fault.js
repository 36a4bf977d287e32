/** Pages that say why the study does not go on. */
import { makeOutcome } from './code.js';
import { contactLine } from './contact.js';
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';
import { word } from './words.js';

/**
 * Show what is the matter: the words `<name>_heading` and `<name>_text`, perhaps a button {name, onclick}, and what the
 * recruiting platform gives for it, {code, url}.
 */
export function showFault(name, action = null, outcome = null) {
	const pressed = action && { text: word(action.name), onclick: action.onclick };
	showPlain(word(`${name}_heading`), word(`${name}_text`), pressed, makeOutcome(outcome));
}

/** Before the study's words are there: the only English in the client. */
export function showLoadFault(onclick) {
	const text = 'The server of this study cannot be reached. Please check your connection and try again.';
	showPlain('No connection', text, { text: 'Try again', onclick });
}

function showPlain(heading, text, pressed, more = []) {
	const offered = buttons(pressed && button(pressed.text, pressed.onclick));
	show(heading, [make('p', { class: 'text' }, text), ...more, make('div', {}, contactLine()), offered]);
}
