/** SVG charts of counts. Styles are CSS classes; titles and the text alternative contain the numbers. */
import { add } from '../dom.js';

const SVG = 'http://www.w3.org/2000/svg';

function draw(tag, properties = {}, ...children) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(properties)) if (value != null) node.setAttribute(name, value);
	return add(node, children);
}

const title = (text) => draw('title', {}, text);
const text = (x, y, string, anchor = 'middle') => draw('text', { x, y, 'text-anchor': anchor }, string);

/** Draw a bar of parts, [class, number], out of a whole; hidden from screen readers, since the table has the numbers. */
export function meter(parts, whole, width = 120) {
	let x = 0;
	const drawn = parts.map(([name, number]) => {
		const wide = whole ? (Math.min(number, whole) / whole) * width : 0;
		const node = draw('rect', { class: name, x, y: 1, width: Math.min(wide, width - x), height: 8 });
		x = Math.min(width, x + wide);
		return node;
	});
	const ground = draw('rect', { class: 'ground', x: 0, y: 1, width, height: 8 });
	return draw('svg', { class: 'meter', viewBox: `0 0 ${width} 10`, height: 10, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, ground, ...drawn);
}

/**
 * Draw vertical bars. `labels` below are [position, text] and `mark` is the position of a line, both counted in bars;
 * `said` is the text alternative, `titles` the names of the bars.
 */
export function bars(counts, { width = 360, height = 110, labels = [], mark = null, said, titles = [], gap = 0.15 }) {
	const foot = labels.length ? 16 : 2;
	const head = 12;
	const most = Math.max(1, ...counts);
	const step = width / counts.length;
	const tall = (count) => (count / most) * (height - head);
	const node = draw('svg', { class: 'bars', viewBox: `0 0 ${width} ${height + foot}`, role: 'img', 'aria-label': said });
	for (const [place, count] of counts.entries()) {
		const high = tall(count);
		const box = { x: (place + gap / 2) * step, y: height - high, width: step * (1 - gap), height: high };
		if (count) add(node, draw('rect', box, title(`${titles[place] ?? ''} ${count}`.trim())));
	}
	add(node, draw('line', { class: 'axis', x1: 0, x2: width, y1: height, y2: height }));
	if (mark !== null) add(node, draw('line', { class: 'mark', x1: mark * step, x2: mark * step, y1: head - 4, y2: height + 3 }));
	add(node, text(2, 9, String(most), 'start'));
	for (const [place, string] of labels) {
		const anchor = place <= 0.5 ? 'start' : place >= counts.length - 0.5 ? 'end' : 'middle';
		const x = anchor === 'start' ? 0 : anchor === 'end' ? width : place * step;
		add(node, text(x, height + 13, string, anchor));
	}
	return node;
}
