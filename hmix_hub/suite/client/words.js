/** The interface's words, as the server sends them in the study's language. */

const RIGHT_TO_LEFT = ['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'];
let words = {};

export function setWords(study) {
	const lang = study.language;
	const dir = RIGHT_TO_LEFT.includes(lang.split('-')[0]) ? 'rtl' : 'ltr';
	words = study.words;
	Object.assign(document.documentElement, { lang, dir });
}

/** Give a word by name, {placeholders} filled. */
export function word(name, values = {}) {
	return words[name].replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}
