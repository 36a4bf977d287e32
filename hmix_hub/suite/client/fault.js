/** Pages that say why the study does not go on. */
import { contactLine } from './contact.js';
import { button, buttons, make } from './dom.js';
import { show } from './screen.js';
import { word } from './words.js';

/** Show what is the matter: the words `<name>_heading` and `<name>_text`, perhaps a button {name, onclick}. */
export function showFault(name, action = null) {
	const pressed = action && { text: word(action.name), onclick: action.onclick };
	showPlain(word(`${name}_heading`), word(`${name}_text`), pressed);
}

/** Before the study's words are there: the only English in the client. */
export function showLoadFault(onclick) {
	const text = 'The server of this study cannot be reached. Please check your connection and try again.';
	showPlain('No connection', text, { text: 'Try again', onclick });
}

function showPlain(heading, text, pressed) {
	const offered = buttons(pressed && button(pressed.text, pressed.onclick));
	show(heading, [make('p', { class: 'text' }, text), make('div', {}, contactLine()), offered]);
}
