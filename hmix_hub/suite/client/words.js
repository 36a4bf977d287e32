/** The interface's words, as the server sends them in the study's language. */

let words = {};
const RIGHT_TO_LEFT = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

export function setWords(study) {
  words = study.words;
  document.documentElement.lang = study.language;
  document.documentElement.dir = RIGHT_TO_LEFT.has(study.language.split('-')[0].toLowerCase()) ? 'rtl' : 'ltr';
}

/** Give a word by name, {placeholders} filled. */
export function word(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}
