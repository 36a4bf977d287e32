/** What is done with the study: pause, close, tell everybody something; and with one person. Each asks before. */
import { buttons, fill, make, part } from '../dom.js';
import { act } from './api.js';
import { press, table } from './parts.js';

/** Show what became of an action. */
export function say(text) {
	part('said').textContent = text;
}

/** Ask in a dialog; `fields` are nodes, `steps` [text, class, what is done, or null to close]. */
export function askFor(heading, nodes, steps) {
	const dialog = part('dialog');
	const opener = document.activeElement?.dataset.key;
	const fault = make('p', { class: 'fault', role: 'alert' });
	const pressed = steps.map(([text, kind, onstep]) =>
		press(text, null, async () => {
			fault.textContent = '';
			try {
				if (onstep) say(await onstep());
				dialog.close();
			} catch (error) {
				fault.textContent = error.message;
			}
		}, { class: kind }),
	);
	fill(dialog, make('h2', { id: 'dialog-heading' }, heading), nodes, fault, buttons(pressed));
	// The button that opened it may have been shown anew meanwhile.
	dialog.onclose = () => opener && document.querySelector(`[data-key="${CSS.escape(opener)}"]`)?.focus();
	dialog.showModal();
}

const text = (string) => make('p', {}, string);

/** The buttons of the study as it stands; `changed` is called once something was done. */
export function controlsOf(told, changed) {
	const step = (name, body, said) => async () => {
		await act(name, body);
		changed();
		return said;
	};
	const pause = told.is_paused
		? press('Go on', 'pause', () => step('pause', { resume: true }, 'The study goes on.')().then(say, ({ message }) => say(message)))
		: press('Pause…', 'pause', () =>
				askFor('Pause the study?', [text('Nobody begins, and no further trial is shown until you go on. Answers that are under way are stored.')], [
					['Pause', 'main', step('pause', {}, 'The study is paused.')],
					['Cancel', ''],
				]));
	const close = told.is_closed
		? press('Open again…', 'close', () =>
				askFor('Open the study again?', [text('New people can begin, as long as there are places.')], [
					['Open', 'main', step('close', { reopen: true }, 'The study is open.')],
					['Cancel', ''],
				]))
		: press('Close…', 'close', () =>
				askFor('Close the study?', [text('Nobody new begins; those who have begun may finish.')], [
					['Close', 'main', step('close', {}, 'The study is closed.')],
					['Cancel', ''],
				]));
	const amend = press('Amend…', 'amend', () => askAmendment(step('amend', {}, 'The study is amended.')));
	return [pause, close, press('Message…', 'message', () => askMessage(told.message, changed)), amend];
}

/** Show what the study file in the collection's folder would change, and ask. */
async function askAmendment(amend) {
	const told = await act('amend', { dry_run: true }).catch((error) => error);
	if (told instanceof Error) {
		askFor('The study cannot be amended so', [make('pre', {}, told.message)], [['Close', 'main']]);
	} else if (told.changes.length === 0) {
		askFor('Nothing to amend', [text('collection.yaml says what holds already. Change it in the folder of the collection, and come back.')], [['Close', 'main']]);
	} else {
		const rows = told.changes.map(({ key, was, is }) => [key, was, is].map((value) => String(value ?? '–')));
		const changes = table('What changes', [['Key'], ['Was', 'wide'], ['Is', 'wide']], rows);
		askFor('Amend the study?', [text('This is what collection.yaml changes from now on. The export says who took part under which version.'), changes], [
			['Amend', 'main', amend],
			['Cancel', ''],
		]);
	}
}

function askMessage(before, changed) {
	const input = make('input', { type: 'text', maxlength: 500, value: before ?? '' });
	const field = make('label', {}, make('span', {}, 'What everybody who takes part reads above every page'), input);
	const send = (given) => async () => {
		const { message } = await act('message', { text: given() });
		changed();
		return message ? 'Everybody is told so.' : 'The message is taken back.';
	};
	askFor('Message to everybody', [field], [
		['Show', 'main', send(() => input.value)],
		...(before ? [['Take it back', '', send(() => null)]] : []),
		['Cancel', ''],
	]);
}
