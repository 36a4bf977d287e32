/** The end: the completion code comes once the server holds every answer, a fallback code if it stays away. */
import { call } from './api.js';
import { button, buttons, make, paragraphs } from './dom.js';
import { onChange, waiting } from './queue.js';
import { show } from './screen.js';
import { session } from './session.js';
import { AWAY, backOff } from './timing.js';
import { word } from './words.js';

/** Show the end; `missing()` if the server lacks an answer that this browser no longer has, `gone(status)` on 401, 410. */
export async function showEnd({ missing, gone }) {
	const { view, token } = session;
	let signal = show(word('finishing_heading'), [make('p', { class: 'text' }, word('finishing_text'))]);
	const timer = setTimeout(() => {
		if (!signal.aborted) signal = showFallback(view);
	}, AWAY);
	for (let failures = 1; !signal.aborted && view.state !== 'finished'; failures += 1) {
		await emptied(signal);
		if (waiting().length) continue;
		const { status, body } = await call('POST', '/api/session/finish', { token, body: {} }).catch(() => ({}));
		if (signal.aborted) break;
		if (status === 200) Object.assign(view, { state: 'finished', completion: body });
		else if (status === 409) {
			view.held = view.held.filter((index) => !body.missing.includes(index));
			missing();
		} else if (status === 401 || status === 410) gone(status);
		else await new Promise((resolve) => setTimeout(resolve, backOff(failures)));
	}
	clearTimeout(timer);
	if (!signal.aborted) showCompletion(view.completion);
}

/** Wait until no answer waits, or the page is left. */
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

function showFallback(view) {
	return show(word('fallback_heading'), [
		make('p', { class: 'text' }, word('fallback_text')),
		...makeCode(view.fallback_code),
		make('p', { class: 'text' }, word('fallback_later')),
	]);
}

function showCompletion({ code, url, text }) {
	const isSafe = /^https?:\/\//.test(url);
	show(word('end_heading'), [
		...paragraphs(text),
		...makeCode(code),
		buttons(isSafe ? make('a', { class: 'main', href: url, rel: 'noreferrer' }, word('end_link')) : null),
	]);
}

function makeCode(code) {
	const shown = make('output', { class: 'code', 'aria-label': word('code') }, code);
	const said = make('span', { role: 'status' });
	const copy = () => {
		getSelection().selectAllChildren(shown);
		navigator.clipboard?.writeText(code).then(() => said.append(word('copied')), () => {});
	};
	const row = make('div', { class: 'buttons' }, shown, button(word('copy'), copy, 'second'), said);
	return [make('p', { class: 'small' }, word('code')), row];
}
