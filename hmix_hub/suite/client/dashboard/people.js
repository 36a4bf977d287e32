/** The list of participants, and the actions on one of them. */
import { buttons, make } from '../dom.js';
import { act, look } from './api.js';
import { askFor } from './controls.js';
import { batchName, counted, choose, minutes, plain, press, seconds, section, showIn, table, whole } from './parts.js';

const NUMBER = 'number';
const filter = { stage: '', flag: '', start: 0 };

/** Show only participants at a stage or with a flag. */
export function setFilter({ stage = '', flag = '' }) {
	Object.assign(filter, { stage, flag, start: 0 });
}

/** Make the view: `fetch()` returns its content, or null if unchanged; `show(place, content, told)` shows it. */
export function peopleView(changed) {
	return {
		fetch: () => look('people', `api/people?${new URLSearchParams(filter)}`),
		show: (place, content, told) => showIn(place, filters(told, changed), list(content, changed)),
	};
}

function filters(told, changed) {
	const set = (name) => (event) => {
		Object.assign(filter, { [name]: event.target.value, start: 0 });
		changed();
	};
	const stages = [['', 'all'], ...told.stages.map(({ stage, people }) => [stage, `${plain(stage)} (${people})`])];
	const flags = [['', 'any or none'], ['any', 'flagged'], ...told.flags.map(({ flag, people }) => [flag, `${plain(flag)} (${people})`])];
	const input = make('input', { type: 'text', 'data-key': 'find', id: 'find', autocomplete: 'off', spellcheck: 'false' });
	const find = make(
		'form',
		{
			class: 'find',
			onsubmit: (event) => {
				event.preventDefault();
				findOne(input.value.trim(), changed);
			},
		},
		make('label', { for: 'find' }, 'Code or ID of a participant'),
		input,
		make('button', { 'data-key': 'find-it' }, 'Find'),
	);
	return make('div', { class: 'filters' }, choose('Stage', 'stage', stages, filter.stage, set('stage')), choose('Flags', 'flag', flags, filter.flag, set('flag')), find);
}

/** Find one participant by any of their ids or codes. */
async function findOne(name, changed) {
	if (!name) return;
	try {
		openPerson(await act('look', { named: name }), changed);
	} catch (error) {
		askFor('No participant found', [make('p', {}, error.message)], [['Close', 'main']]);
	}
}

function list({ people, start, of, most }, changed) {
	const rows = people.map((person) => [
		press(person.participant_id, person.participant_id, () => openPerson(person, changed), { class: 'link code', title: 'Show actions' }),
		make('span', { class: `stage stage-${person.stage}` }, plain(person.stage)),
		batchName(person.task, person.batch),
		`${person.answered} of ${person.trials}`,
		minutes(person.began_minutes),
		minutes(person.last_minutes),
		seconds(person.median_ms),
		person.claimed_s == null ? '–' : whole(Math.round(person.claimed_s)),
		person.server_s == null ? '–' : whole(Math.round(person.server_s)),
		person.flags.map(plain).join(', ') || '–',
	]);
	const columns = [['Participant'], ['Stage'], ['Task and batch'], ['Answers', NUMBER], ['Began', NUMBER], ['Last', NUMBER], ['Median', NUMBER], ['Claimed s', NUMBER], ['Server s', NUMBER], ['Flags']];
	const turn = (by) => () => {
		filter.start = Math.max(0, start + by);
		changed();
	};
	const pages = of > most && [
		press('Earlier participants', 'earlier', turn(most), { disabled: start + most >= of }),
		press('Later participants', 'later', turn(-most), { disabled: start === 0 }),
	];
	const shown = of ? `${start + 1} to ${start + people.length} of ${counted(of, 'participant')}, latest first. Began and last: minutes of serving ago. Claimed: sum of the response times; server: from when the first trial could start to the last answer.` : 'No participants.';
	return section('Participants', make('p', { class: 'soft' }, shown), of ? table('Participants', columns, rows) : null, buttons(pages));
}

const SAID = {
	exclude: 'The participant is excluded, and their place is free again.',
	free: 'The place is free again.',
	withdraw: 'Everything the participant sent has been deleted.',
};

function openPerson(person, changed) {
	const { participant_id: id, stage, state, task, batch } = person;
	const done = (name, more = () => ({})) => async () => {
		await act(name, { participant_id: id, ...more() });
		changed();
		return SAID[name];
	};
	const reason = make('input', { type: 'text', maxlength: 200 });
	const facts = `${plain(stage ?? state)}; ${batchName(task, batch)}`;
	const flags = person.flags?.length ? make('p', {}, `Flags: ${person.flags.map(plain).join(', ')}`) : null;
	const excluded = person.excluded ? make('p', {}, `Excluded: ${person.excluded}`) : null;
	const field = person.excluded ? null : make('label', {}, make('span', {}, 'Reason for exclusion, in a few words'), reason);
	const steps = [
		person.excluded ? ['Include again', '', takeBack] : ['Exclude', '', done('exclude', () => ({ reason: reason.value }))],
		['Free the place', '', done('free')],
		['Delete everything…', 'danger', () => confirmDeletion(id, changed)],
		['Close', 'main'],
	];
	async function takeBack() {
		await done('exclude', () => ({ reason: null }))();
		return 'The participant is included again.';
	}
	askFor(`Participant ${id}`, [make('p', {}, facts), flags, excluded, field], steps);
}

function confirmDeletion(id, changed) {
	const text = 'This deletes all answers of this participant from the collection, as if they had withdrawn. It cannot be undone.';
	setTimeout(() =>
		askFor(`Delete all data of ${id}?`, [make('p', {}, text)], [
			['Delete', 'danger', async () => {
				await act('withdraw', { participant_id: id });
				changed();
				return SAID.withdraw;
			}],
			['Keep', 'main'],
		]));
	return '';
}
