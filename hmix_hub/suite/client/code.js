/** Completion codes to copy, and links back to the recruiting platform. */
import { button, buttons, fill, make } from './dom.js';
import { ONWARD } from './timing.js';
import { word } from './words.js';

let isSentOn = false;

/** Set whether participants are redirected automatically after a moment. */
export function setRedirect(is) {
	isSentOn = is;
}

export function makeCode(code) {
	const shown = make('output', { class: 'code', translate: 'no', 'aria-label': word('code') }, code);
	const said = make('span', { role: 'status' });
	const copy = () => {
		getSelection().selectAllChildren(shown);
		navigator.clipboard?.writeText(code).then(() => fill(said, word('copied')), () => {});
	};
	const row = make('div', { class: 'buttons' }, shown, button(word('copy'), copy, 'second'), said);
	return [make('p', { class: 'small' }, word('code')), row];
}

/** Make the link to an address; return nothing if there is no address. */
export function makeOnward(url) {
	if (!/^https?:\/\//.test(url)) return [];
	const link = make('a', { class: 'main', href: url, rel: 'noreferrer' }, word('end_link'));
	const leave = () => link.isConnected && location.assign(url);
	if (isSentOn) setTimeout(leave, ONWARD);
	return [isSentOn && make('p', { class: 'small' }, word('end_soon')), buttons(link)];
}

/** Make what a participant who does not finish receives: a code, a link, both or nothing. */
export function makeOutcome(outcome) {
	return outcome ? [...(outcome.code ? makeCode(outcome.code) : []), ...makeOnward(outcome.url)] : [];
}
