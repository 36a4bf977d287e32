/** Withdrawal: after a confirmation, everything about the session is deleted, here and on the server. */
import { contactLine } from './contact.js';
import { button, buttons, faultLine, make } from './dom.js';
import { startQueue, stopQueue } from './queue.js';
import { openDialog } from './screen.js';
import { withdraw } from './session.js';
import { word } from './words.js';

export function askWithdrawal(withdrawn) {
	const fault = faultLine('dialog-fault');
	const stay = button(word('withdraw_stay'), () => dialog.close(), 'second');
	const leave = button(word('withdraw_leave'), onLeave, 'danger');
	const text = make('p', {}, word('withdraw_text'));
	const dialog = openDialog(word('withdraw_heading'), [text, contactLine(), fault, buttons(stay, leave)]);

	async function onLeave() {
		leave.disabled = true;
		stopQueue();
		const isDone = await withdraw().catch(() => false);
		leave.disabled = false;
		if (isDone) {
			dialog.close();
			withdrawn();
		} else {
			fault.textContent = word('withdraw_failed');
			leave.focus();
			startQueue();
		}
	}
}
