/**
 * Answers on their way: each is kept until the server says that it holds it. Sending one twice is harmless, so whatever
 * is in doubt is sent again.
 */
import { call } from './api.js';
import { get, isLostWithTab, names, remove, set } from './storage.js';
import { backOff } from './timing.js';

const START = 'answer.';
const LONGEST_PAUSE = 60_000;
const AWAY = { status: 599 };
const listeners = new Set();
const lostTokens = new Set();
let current = null;
let isStopped = true;
let isSending = false;
let failures = 0;
let timer = null;
let whenGone = null;

/** Begin to send for a session; `gone(status)` when the server does not know it (401) or it was withdrawn (410). */
export function openQueue(token, gone) {
	current = token;
	whenGone = gone;
	lostTokens.clear();
	startQueue();
}

export function startQueue() {
	isStopped = false;
	sendNow();
}

export function stopQueue() {
	isStopped = true;
	clearTimeout(timer);
}

/** Keep an answer and send it: `what` is a trial's index, "comments", "surroundings" or "questions-<page>". */
export function put(what, body) {
	set(`${START}${current}.${what}`, JSON.stringify(body));
	tell();
	if (!timer) send();
}

/** Return what waits of the session's own. */
export function waiting() {
	const start = `${START}${current}.`;
	return names(start).map((name) => name.slice(start.length));
}

export const isFailing = () => failures > 0;

/** Call when anything changes; gives what ends that. */
export function onChange(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

function tell() {
	for (const listener of listeners) listener();
}

function sendNow() {
	clearTimeout(timer);
	timer = null;
	send();
}

/** Send all that waits, and what is added meanwhile; what fails waits for the next round. */
async function send() {
	if (isSending || isStopped) return;
	isSending = true;
	const tried = new Set();
	let refusal = null;
	for (let entry = next(tried); entry && !isStopped && !(refusal?.status >= 500); entry = next(tried)) {
		tried.add(entry.name);
		const refused = await sendOne(entry).catch(() => AWAY);
		if (!refused) failures = 0;
		refusal = refused ?? refusal;
		tell();
	}
	isSending = false;
	failures = refusal ? failures + 1 : 0;
	const pause = Math.min(refusal?.retryAfter * 1000 || 0, LONGEST_PAUSE);
	if (refusal && !isStopped) timer = setTimeout(sendNow, Math.max(backOff(failures), pause));
	tell();
}

/** Return what is sent next, of earlier sessions in this browser too. */
function next(tried) {
	return names(START)
		.sort()
		.map((name) => ({ name, token: name.split('.')[1], what: name.split('.')[2] }))
		.find(({ name, token }) => !tried.has(name) && !lostTokens.has(token));
}

/** Send one; gives null once nothing is left to do about it, else the server's refusal. */
async function sendOne({ name, token, what }) {
	const body = JSON.parse(get(name));
	const path = Number.isNaN(Number(what)) ? what.replace('-', '/') : `trials/${what}`;
	const result = await call('PUT', `api/session/${path}`, { token, body });
	const { status } = result;
	const isHeld = status === 200 || status === 202 || (status === 409 && result.body.outcome);
	const isGone = status === 401 || status === 410;
	// What can never be taken is asked once more at the end.
	const isUseless = status === 400 && what.startsWith('questions');
	if (isHeld || status === 410 || isUseless) remove(name);
	if (isGone) lostTokens.add(token);
	// 401: who opened a personal link in another browser is told so once the answer is taken.
	if ((isGone || result.body?.moved) && token === current) whenGone(isGone ? status : 401);
	return isHeld || isGone || isUseless ? null : result;
}

window.addEventListener('online', sendNow);
window.addEventListener('beforeunload', (event) => {
	if (names(START).some(isLostWithTab)) event.preventDefault();
});
