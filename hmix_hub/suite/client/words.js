/** The interface's words, as the server sends them in the study's language. */

import { fixed } from './dom.js';

/** Decimals of a number that people enter, at most. */
const DECIMALS = 6;
const RIGHT_TO_LEFT = ['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'];
let words = {};

export function setWords(study) {
	const lang = study.language;
	const dir = RIGHT_TO_LEFT.includes(lang.split('-')[0]) ? 'rtl' : 'ltr';
	words = study.words;
	Object.assign(document.documentElement, { lang, dir });
}

/** Return a word by name, {placeholders} filled; of a number that was added up only the decimals that people can enter. */
export function word(name, values = {}) {
	return filled(name, values, (value) => value).join('');
}

/** Return the nodes of a word by name; texts that are filled in are names, which no browser translates. */
export function phrase(name, values) {
	return filled(name, values, fixed);
}

function filled(name, values, show) {
	// What stands in braces and what is between them take turns.
	return words[name].split(/\{(\w+)\}/).map((part, place) => {
		if (place % 2 === 0) return part;
		const value = values[part] ?? `{${part}}`;
		return typeof value === 'number' ? String(Number(value.toFixed(DECIMALS))) : show(value);
	});
}
