/** The interface's words in the study's language, as sent by the server. */

import { fixed } from './dom.js';

/** Maximum decimals of a number that participants enter. */
const DECIMALS = 6;
const RIGHT_TO_LEFT = ['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'];
let words = {};

export function setWords(study) {
	const lang = study.language;
	const dir = RIGHT_TO_LEFT.includes(lang.split('-')[0]) ? 'rtl' : 'ltr';
	words = study.words;
	Object.assign(document.documentElement, { lang, dir });
}

/** Return a text by name with its {placeholders} filled; sums are rounded to the decimals that can be entered. */
export function word(name, values = {}) {
	return filled(name, values, (value) => value).join('');
}

/** Return the nodes of a text by name; texts filled in are names, which browsers must not translate. */
export function phrase(name, values) {
	return filled(name, values, fixed);
}

function filled(name, values, show) {
	// Odd parts are placeholders, even parts the text between them.
	return words[name].split(/\{(\w+)\}/).map((part, place) => {
		if (place % 2 === 0) return part;
		const value = values[part] ?? `{${part}}`;
		return typeof value === 'number' ? String(Number(value.toFixed(DECIMALS))) : show(value);
	});
}
