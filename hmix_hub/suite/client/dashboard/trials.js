/** Every stimulus of a batch as participants see it, with its answers so far. */
import { make } from '../dom.js';
import { look, picture } from './api.js';
import { bars, meter } from './charts.js';
import { batchName, choose, counted, seconds, showIn } from './parts.js';

const STEPS = 11;
const MOST_CLASSES = 6;
let batch = 0;

export function trialsView(changed) {
	return {
		fetch: () => look('trials', `api/batches/${batch}`),
		show: (place, content, told) => showIn(place, chooser(told, content, changed), stimuli(content)),
	};
}

function chooser({ batches }, { question }, changed) {
	const choices = batches.map(({ number, task, answers }) => [String(number), `${batchName(task, number)} (${counted(answers, 'answer')})`]);
	const set = (event) => {
		batch = Number(event.target.value);
		changed();
	};
	return make('div', { class: 'filters' }, choose('Batch', 'batch', choices, String(batch), set), make('p', { class: 'question' }, question));
}

function stimuli(content) {
	return make('div', { class: `stimuli ${content.stimuli[0]?.coefficient == null ? 'walks' : ''}` }, content.stimuli.map((one) => stimulus(content, one)));
}

function stimulus({ batch: number, class_names: classes }, { place, classes: pair, coefficient, answers }) {
	const [first, second] = pair;
	const isWalk = coefficient == null;
	const share = isWalk || second == null ? '' : `, ${Math.round(coefficient * 1000) / 10} % ${first}`;
	const heading = make('h2', {}, make('span', { class: 'soft' }, `${place + 1} `), pair.filter(Boolean).join(' – '), share);
	const path = (step) => `api/pictures/${number}/${place}/${step}`;
	const shown = isWalk
		? make('div', { class: 'walk' }, Array.from({ length: STEPS }, (_, step) => thumbnail(path(step), `${first} ${step * 10} %`)))
		: thumbnail(path(0), `The picture: ${pair.filter(Boolean).join(' and ')}`);
	const charts = answers.map((one) => (classes ? classChart(one, classes, pair) : chart(one, coefficient, pair)));
	return make('figure', { class: 'stimulus' }, heading, make('div', { class: 'seen' }, isWalk ? [...charts, shown] : [shown, make('div', { class: 'answers' }, charts)]));
}

function thumbnail(path, alt) {
	const image = make('img', { alt, width: 96, height: 96 });
	watcher.observe(image);
	image.dataset.path = path;
	return image;
}

const watcher = new IntersectionObserver(
	(entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			watcher.unobserve(target);
			picture(target.dataset.path).then((address) => {
				target.src = address;
			}, () => {});
		}
	},
	{ rootMargin: '300px' },
);

function described({ number, mean, median_ms: median, scale }) {
	const parts = [counted(number, 'answer')];
	if (mean != null) parts.push(`mean ${mean.toFixed(2)}`);
	if (median != null) parts.push(`median time ${seconds(median)}`);
	return `${scale ? `${scale}: ` : ''}${parts.join(', ')}`;
}

/** Draw shares of the first class, or ratings, from 0 to 1; if one mixture is shown, its true share is marked. */
function chart(one, coefficient, [first, second]) {
	const { counts, scale } = one;
	const last = counts.length - 1;
	const isShare = second != null && !scale;
	const said = `${described(one)}; from 0 to 1: ${counts.join(', ')}`;
	const mark = coefficient != null && isShare ? coefficient * last + 0.5 : null;
	const titles = counts.map((_, place) => `${(place / last).toFixed(2)}:`);
	const ends = isShare ? [`all ${second}`, `all ${first}`] : ['0', '1'];
	const labels = [[0, ends[0]], [last / 2 + 0.5, '0.5'], [counts.length, ends[1]]];
	return make('div', {}, make('p', { class: 'soft' }, described(one)), bars(counts, { said, mark, titles, labels, width: 330, height: 62, gap: 0.2 }));
}

/** List the chosen classes, most frequent first. */
function classChart(one, names, pair) {
	const found = one.counts.map((count, code) => [names[code], count]).filter(([, count]) => count).sort((a, b) => b[1] - a[1]);
	const most = found[0]?.[1] ?? 1;
	const rows = found.slice(0, MOST_CLASSES).map(([name, count]) =>
		make('tr', {}, make('th', { scope: 'row', class: pair.includes(name) ? 'of-pair' : null }, name), make('td', { class: 'number' }, String(count)), make('td', { class: 'chart' }, meter([['finished', count]], most))),
	);
	const more = found.length > MOST_CLASSES ? `, and ${found.length - MOST_CLASSES} other classes` : '';
	return make('div', {}, make('p', { class: 'soft' }, described(one) + more), make('table', {}, make('caption', { class: 'unseen' }, 'Chosen classes'), make('tbody', {}, rows)));
}
