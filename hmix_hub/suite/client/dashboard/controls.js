/** Actions on the study (pause, close, message, amend) and on one participant. Each asks for confirmation. */
import { buttons, fill, make, part } from '../dom.js';
import { act } from './api.js';
import { press, table } from './parts.js';

/** Show the outcome of an action. */
export function say(text) {
	part('said').textContent = text;
}

/** Ask in a dialog that shows `nodes`; `steps` are buttons [text, class, action, or nothing to just close]. */
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
	// The button that opened the dialog may have been replaced in the meantime.
	dialog.onclose = () => opener && document.querySelector(`[data-key="${CSS.escape(opener)}"]`)?.focus();
	dialog.showModal();
}

const text = (string) => make('p', {}, string);

/** Make the buttons for the study's current state; `changed` is called after each action. */
export function controlsOf(told, changed) {
	const step = (name, body, said) => async () => {
		await act(name, body);
		changed();
		return said;
	};
	const pause = told.is_paused
		? press('Resume', 'pause', () => step('pause', { resume: true }, 'The study continues.')().then(say, ({ message }) => say(message)))
		: press('Pause…', 'pause', () =>
				askFor('Pause the study?', [text('Until you resume, nobody can start and no further trials are shown. Answers already on their way are stored.')], [
					['Pause', 'main', step('pause', {}, 'The study is paused.')],
					['Cancel', ''],
				]));
	const close = told.is_closed
		? press('Reopen…', 'close', () =>
				askFor('Reopen the study?', [text('New participants can start as long as places are left.')], [
					['Reopen', 'main', step('close', { reopen: true }, 'The study is open.')],
					['Cancel', ''],
				]))
		: press('Close…', 'close', () =>
				askFor('Close the study?', [text('No new participants can start; those who have started can finish.')], [
					['Close', 'main', step('close', {}, 'The study is closed.')],
					['Cancel', ''],
				]));
	const amend = press('Amend…', 'amend', () => askAmendment(step('amend', {}, 'The study is amended.')));
	return [pause, close, press('Message…', 'message', () => askMessage(told.message, changed)), amend];
}

/** Show what the study file in the collection's folder would change, and ask for confirmation. */
async function askAmendment(amend) {
	const told = await act('amend', { dry_run: true }).catch((error) => error);
	if (told instanceof Error) {
		askFor('These changes are not possible', [make('pre', {}, told.message)], [['Close', 'main']]);
	} else if (told.changes.length === 0) {
		askFor('Nothing to amend', [text('The study already matches collection.yaml. Edit that file in the collection’s folder, then come back.')], [['Close', 'main']]);
	} else {
		const rows = told.changes.map(({ key, was, is }) => [key, was, is].map((value) => String(value ?? '–')));
		const changes = table('Changes', [['Key'], ['Before', 'wide'], ['After', 'wide']], rows);
		askFor('Amend the study?', [text('These changes in collection.yaml take effect now. The export records the version under which each participant took part.'), changes], [
			['Amend', 'main', amend],
			['Cancel', ''],
		]);
	}
}

function askMessage(before, changed) {
	const input = make('input', { type: 'text', maxlength: 500, value: before ?? '' });
	const field = make('label', {}, make('span', {}, 'Shown to all participants above every page'), input);
	const send = (given) => async () => {
		const { message } = await act('message', { text: given() });
		changed();
		return message ? 'The message is shown to all participants.' : 'The message was removed.';
	};
	askFor('Message to all participants', [field], [
		['Show', 'main', send(() => input.value)],
		...(before ? [['Remove it', '', send(() => null)]] : []),
		['Cancel', ''],
	]);
}
