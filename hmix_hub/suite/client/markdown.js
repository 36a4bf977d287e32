/** Texts of the study: paragraphs, headings, lists, bold words, links and checkboxes. Anything else is shown as written. */
import { make } from './dom.js';

const BOLD = /\*\*(\S(?:[^*\n]*\S)?)\*\*/;
const LINK = /\[([^\]\n]+)\]\(((?:https?:\/\/|mailto:)[^\s()]+)\)/;
const ADDRESS = /(https?:\/\/[^\s<>()]*[^\s<>().,;:!?'"])/;
const MAIL = /([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/;
const INLINE = new RegExp([BOLD, LINK, ADDRESS, MAIL].map(({ source }) => source).join('|'));
const KINDS = [
	['heading', /^(#{1,3}) +(\S.*)$/],
	['box', /^(?:[-*] +)?\[ \] +(\S.*)$/],
	['ul', /^[-*] +(\S.*)$/],
	['ol', /^(\d{1,3})[.)] +(\S.*)$/],
];

/** Make the nodes of a line: text nodes, and elements for bold words and links. */
export function inline(text) {
	const found = INLINE.exec(text);
	if (!found) return text ? [text] : [];
	const [all, bold, name, target, address, mail] = found;
	const to = target ?? address ?? `mailto:${mail}`;
	const node = bold
		? make('strong', {}, bold)
		: make('a', { href: to, target: '_blank', rel: 'noopener noreferrer' }, name ?? address ?? mail);
	const rest = text.slice(found.index + all.length);
	return [...(found.index ? [text.slice(0, found.index)] : []), node, ...inline(rest)];
}

/** Make the nodes of a text. Each checkbox is appended to `boxes`; if that is null, `[ ]` stays text. */
export function rich(text, boxes = null) {
	return text
		.split(/\n(?:[ \t]*\n)+/)
		.flatMap((part) => gathered(part.split('\n'), boxes !== null))
		.map((block) => MAKERS[block.kind](block, boxes));
}

/** Group lines into blocks {kind, items}: consecutive lines of one kind, list items with the lines indented below them. */
function gathered(lines, hasBoxes) {
	const blocks = [];
	for (const line of lines) {
		const [kind, pattern] = KINDS.find(([name, form]) => form.test(line) && (hasBoxes || name !== 'box')) ?? ['text'];
		const last = blocks.at(-1);
		const item = pattern ? pattern.exec(line).slice(1) : [line];
		if (kind === 'text' && last?.kind !== 'text' && last?.kind !== 'heading' && last && /^\s/.test(line)) {
			last.items.at(-1).push(last.items.at(-1).pop() + line.replace(/^\s*/, ' '));
		} else if (last?.kind === kind && kind !== 'heading') last.items.push(item);
		else blocks.push({ kind, items: [item] });
	}
	return blocks;
}

const items = (list) => list.map((item) => make('li', {}, inline(item.at(-1))));
const MAKERS = {
	text: ({ items: lines }) => make('p', { class: 'text' }, inline(lines.flat().join('\n'))),
	heading: ({ items: [[marks, text]] }) => make(`h${marks.length + 1}`, {}, inline(text)),
	ul: ({ items: list }) => make('ul', {}, items(list)),
	ol: ({ items: list }) => make('ol', { start: list[0][0] }, items(list)),
	box: ({ items: list }, boxes) => make('div', { class: 'choices rows' }, list.map(([text]) => makeBox(text, boxes))),
};

function makeBox(text, boxes) {
	const input = make('input', { type: 'checkbox', name: `box-${boxes.length + 1}`, 'aria-describedby': 'consent-fault' });
	boxes.push(input);
	return make('label', { class: 'choice' }, input, make('span', {}, inline(text)));
}
