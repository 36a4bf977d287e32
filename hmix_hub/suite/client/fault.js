/** Pages that explain why the study cannot continue. */
import { makeOutcome } from './code.js';
import { contactLine } from './contact.js';
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';
import { word } from './words.js';

/**
 * Show the texts `<name>_heading` and `<name>_text`, optionally a button {name, onclick} and an outcome {code, url} for
 * the recruiting platform.
 */
export function showFault(name, action = null, outcome = null) {
	const pressed = action && { text: word(action.name), onclick: action.onclick };
	showPlain(word(`${name}_heading`), word(`${name}_text`), pressed, makeOutcome(outcome));
}

/** Show that the study could not be loaded; in English, because the study's words have not arrived yet. */
export function showLoadFault(onclick) {
	const text = 'The server of this study cannot be reached. Please check your connection and try again.';
	showPlain('No connection', text, { text: 'Try again', onclick });
}

function showPlain(heading, text, pressed, more = []) {
	const offered = buttons(pressed && button(pressed.text, pressed.onclick));
	show(heading, [make('p', { class: 'text' }, text), ...more, make('div', {}, contactLine()), offered]);
}
