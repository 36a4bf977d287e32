/** The end: the completion code once the server has stored every answer, or a fallback code if it is unreachable. */
import { call } from './api.js';
import { makeCode, makeOnward } from './code.js';
import { contactLine } from './contact.js';
import { button, buttons, faultLine, make, paragraphs } from './dom.js';
import { rich } from './markdown.js';
import { onChange, waiting } from './queue.js';
import { show } from './screen.js';
import { forgetPerson, isRenewed, linkText, recruitingId, session, wantedTask } from './session.js';
import { AWAY, backOff } from './timing.js';
import { word } from './words.js';

/**
 * Show the end. Calls `next()` if the server says that other pages are still open, and `gone(status)` on 401 or 410;
 * `another()` begins one more task, or returns a sentence that says why it cannot.
 */
export async function showEnd(next, gone, another) {
	const { view, token } = session;
	const isLast = view.sitting.part === view.sitting.of;
	let signal = show(word('finishing_heading'), [make('p', { class: 'text' }, word('finishing_text'))]);
	const timer = setTimeout(() => {
		if (!signal.aborted && isLast) signal = showFallback('fallback', view, paragraphs(word('fallback_later')));
	}, AWAY);
	for (let failures = 1; !signal.aborted && view.state !== 'finished'; failures += 1) {
		await emptied(signal);
		if (waiting().length) continue;
		const { status, body } = await call('POST', 'api/session/finish', { token, body: {} }).catch(() => ({}));
		if (signal.aborted) break;
		if (status === 200 && !body.next) Object.assign(view, { state: 'finished', completion: body });
		else if (status === 401 || status === 410) gone(status);
		else if ((status === 409 || body?.next) && (await isRenewed()) && !signal.aborted) next();
		else await new Promise((resolve) => setTimeout(resolve, backOff(failures)));
	}
	clearTimeout(timer);
	if (!signal.aborted) showCompletion(view.completion, another);
}

/** Wait until every answer has been sent or the page is left. */
function emptied(signal) {
	return new Promise((resolve) => {
		const look = () => {
			if (waiting().length && !signal.aborted) return;
			silence();
			resolve();
		};
		const silence = onChange(look);
		signal.addEventListener('abort', look);
		look();
	});
}

/** Show the fallback code of a participant who cannot finish now, below the text `<name>_text`. */
export function showFallback(name, { fallback_code: code }, later = null) {
	const page = make('div', {}, paragraphs(word(`${name}_text`)), makeCode(code), later, contactLine());
	return show(word(`${name}_heading`), [page]);
}

function showCompletion({ code, url, text }, another) {
	const { sitting } = session.view;
	const isOther = wantedTask() && !sitting.tasks.includes(wantedTask());
	show(word('end_heading'), [
		...(isOther ? offerAnother(another) : []),
		...rich(text),
		...makeCode(code),
		...makeOnward(url),
		recruitingId() || linkText() || waiting().length ? null : button(word('next_person'), makeRoom, 'quiet'),
	]);
}

/** Offer the task named in the link to a participant who has already finished another one. */
function offerAnother(another) {
	const fault = faultLine('second-fault');
	const onclick = async () => {
		fault.textContent = (await another()) ?? '';
	};
	return [...paragraphs(word('second_text')), buttons(button(word('second_begin'), onclick)), fault];
}

/** Let the next participant on this computer begin. */
function makeRoom() {
	forgetPerson();
	location.reload();
}
