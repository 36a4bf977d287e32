/** The overview: participants by stage, batches, answers over time, response times, agreement, flags, storage, errors. */
import { make } from '../dom.js';
import { bars, meter } from './charts.js';
import { batchName, bytes, counted, minutes, plain, press, seconds, section, table, whole } from './parts.js';

const NUMBER = 'number';
const BAR = [make('span', { class: 'unseen' }, 'As a bar'), 'chart'];
const none = (text = 'No answers yet.') => make('p', { class: 'none' }, text);

export function overviewOf(told, showPeople) {
	return make(
		'div',
		{ class: 'sections' },
		make('div', {}, stages(told, showPeople), batches(told.batches), agreement(told.agreement)),
		make('div', {}, hours(told.answers, told.served_minutes), times(told.response_times), flags(told, showPeople), server(told)),
	);
}

/** Stages of participants who are in progress. */
const AT_IT = ['instructions', 'quiz', 'trials'];

export function figures(told) {
	// Participants, not sessions: in a sitting, each participant has one session per task.
	const live = told.stages.reduce((sum, { stage, people }) => sum + (AT_IT.includes(stage) ? people : 0), 0);
	const answers = told.batches.reduce((sum, batch) => sum + batch.answers, 0);
	const left = told.hours_left;
	const items = [
		['Finished', `${whole(told.finished)} of ${whole(told.wanted)}`],
		['In progress', whole(live)],
		['Answers', whole(answers)],
		['Participants per hour', told.people_per_hour == null ? '–' : told.people_per_hour.toLocaleString('en')],
		['Serving time left', left == null ? '–' : left === 0 ? 'none' : `≈ ${minutes(Math.max(1, Math.round(left * 60)))}`],
		...(told.links.issued ? [['Links opened', `${whole(told.links.used)} of ${whole(told.links.issued)}`]] : []),
		['Flagged', whole(told.flagged)],
		['Storage', told.fault ? 'failing' : 'OK'],
	];
	return make('dl', { class: 'figures' }, items.map(([name, value]) => make('div', { class: value === 'failing' ? 'bad' : null }, make('dt', {}, name), make('dd', {}, value))));
}

function stages({ stages: found, withdrawn }, showPeople) {
	const all = [...found, { stage: 'withdrawn', meaning: 'withdrew; all their data was deleted', people: withdrawn }];
	const most = Math.max(1, ...all.map(({ people }) => people));
	const rows = all.map(({ stage, meaning, people }) => [
		people && stage !== 'withdrawn' ? link(plain(stage), `stage-${stage}`, () => showPeople({ stage })) : plain(stage),
		whole(people),
		meter([[`stage-${stage}`, people]], most),
		make('span', { class: 'soft' }, meaning),
	]);
	return section('Participants by stage', table('Participants by stage', [['Stage'], ['Number', NUMBER], BAR, ['Meaning', 'wide']], rows));
}

function link(text, key, onclick) {
	return press(text, key, onclick, { class: 'link' });
}

function batches(all) {
	// Participants who have not passed the quiz yet do not hold a place.
	const counts = all.some(({ provisional }) => provisional);
	const rows = all.map((batch) => [
		batchName(batch.task, batch.number),
		`${batch.finished} of ${batch.quota}`,
		meter([['finished', batch.finished], ['live', batch.live]], batch.quota),
		whole(batch.live),
		...(counts ? [whole(batch.provisional)] : []),
		whole(batch.open),
		whole(batch.answers),
		whole(batch.quarantined + batch.conflicts),
	]);
	const columns = [['Batch'], ['Finished', NUMBER], BAR, ['Live', NUMBER], ...(counts ? [['Reading', NUMBER]] : []), ['Open', NUMBER], ['Answers', NUMBER], ['Set aside', NUMBER]];
	const note = `Set aside: invalid answers, and answers that arrived twice with different content.${counts ? ' Reading: have not passed the quiz yet and do not hold a place.' : ''}`;
	return section('Batches', table('Batches', columns, rows), make('p', { class: 'soft' }, note));
}

function hours({ hours: width, counts, unknown }, served) {
	const total = counts.reduce((sum, count) => sum + count, 0);
	const hour = (place) => `${(place * width).toLocaleString('en')} h`;
	const middle = Math.floor(counts.length / 2);
	const labels = [[0, '0 h'], ...(counts.length > 3 ? [[middle, hour(middle)]] : []), [counts.length, 'now']];
	const per = width === 1 ? 'hour' : width < 1 ? `${width * 60} minutes` : `${width} hours`;
	const said = `Answers per ${per} of serving: ${counts.join(', ')}`;
	const titles = counts.map((_, place) => `${hour(place)} to ${hour(place + 1)}:`);
	const note = unknown ? ` ${counted(unknown, 'answer')} stored by an earlier version have no time.` : '';
	const text = `${whole(total)} in ${minutes(Math.max(served, 1))} of serving; one bar per ${per}.${note}`;
	return section('Answers over time', total ? bars(counts, { labels, said, titles, width: 460, height: 110 }) : none(), make('p', { class: 'soft' }, text));
}

function times(tasks) {
	if (!tasks.length) return section('Response times', none());
	const charts = tasks.map(({ task, answers, median_ms: median, low_ms: low, high_ms: high, edges_ms: edges, counts }) => {
		const at = (ms) => Math.log2(Math.min(Math.max(ms, edges[0]), edges.at(-1)) / edges[0]) * 2;
		const labels = [250, 1000, 4000, 16_000, 64_000].map((ms) => [at(ms), seconds(ms)]);
		const said = `${plain(task)}: half of ${counted(answers, 'answer')} took less than ${seconds(median)}, 90% took ${seconds(low)} to ${seconds(high)}`;
		const titles = counts.map((_, place) => `${seconds(edges[place])} to ${seconds(edges[place + 1])}:`);
		const caption = make('figcaption', {}, make('b', {}, plain(task)), ` ${seconds(median)} (${seconds(low)} – ${seconds(high)})`);
		return make('figure', {}, caption, bars(counts, { labels, mark: at(median), said, titles, width: 300, height: 70 }));
	});
	const note = make('p', { class: 'soft' }, 'From picture drawn to answer submitted, as reported by browsers: the median (the line) and, in brackets, the range of 90% of answers.');
	return section('Response times', make('div', { class: 'charts' }, charts), note);
}

function agreement(all) {
	if (!all.length) return section('Agreement so far', none());
	const rows = all.map(({ task, scale, stimuli, answers, alpha }) => [
		[plain(task), scale].filter(Boolean).join(': '),
		alpha == null ? '–' : alpha.toFixed(2).replace('-0.00', '0.00'),
		meter([[alpha > 0 ? 'finished' : 'bad', Math.abs(alpha ?? 0)]], 1),
		whole(stimuli),
		whole(answers),
	]);
	const columns = [['Task'], ['Krippendorff’s α', NUMBER], BAR, ['Stimuli', NUMBER], ['Answers', NUMBER]];
	const note = 'Between participants, for stimuli with answers from two or more of them; repeats are left out. 1: perfect agreement; 0: as expected by chance.';
	return section('Agreement so far', table('Agreement so far', columns, rows), make('p', { class: 'soft' }, note));
}

function flags({ flags: found }, showPeople) {
	const rows = found.map(({ flag, meaning, people }) => [
		people ? link(plain(flag), `flag-${flag}`, () => showPeople({ flag })) : plain(flag),
		whole(people),
		make('span', { class: 'soft' }, meaning),
	]);
	return section('Flags', table('Flags', [['Flag'], ['Number', NUMBER], ['Meaning', 'wide']], rows));
}

function server({ storage, fault, errors, served_minutes: served }) {
	const items = [
		['Answers', fault ?? 'are being stored'],
		['Database', `${bytes(storage.database_bytes)}, plus ${bytes(storage.log_bytes)} of log`],
		['Free disk space', bytes(storage.free_bytes)],
		['Time served', minutes(Math.max(served, 1))],
	];
	const rows = errors.map(({ text, times, minutes: ago }) => [make('pre', {}, text), whole(times), ago ? `${minutes(ago)} ago` : 'now']);
	const told = errors.length
		? table('Last errors', [['Error'], ['Count', NUMBER], ['Last']], rows)
		: none('No errors since the server started.');
	const state = make('dl', { class: 'pairs' }, items.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]).flat());
	return section('Storage and errors', state, told);
}
