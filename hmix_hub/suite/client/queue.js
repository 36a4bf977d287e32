/**
 * The queue of answers to send. Each is kept until the server confirms that it is stored; sending one twice is harmless,
 * so anything in doubt is sent again.
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

/** Start sending for a session; calls `gone(status)` if the server does not know it (401) or it was withdrawn (410). */
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

/** Store an answer and send it; `what` is a trial's index, "comments", "surroundings" or "questions-<page>". */
export function put(what, body) {
	set(`${START}${current}.${what}`, JSON.stringify(body));
	tell();
	if (!timer) send();
}

/** Return the names of this session's unsent answers. */
export function waiting() {
	const start = `${START}${current}.`;
	return names(start).map((name) => name.slice(start.length));
}

export const isFailing = () => failures > 0;

/** Call `listener` when anything changes; return a function that unsubscribes it. */
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

/** Send all queued answers, including those added meanwhile; failures wait for the next round. */
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

/** Return the next entry to send; entries of earlier sessions in this browser are sent too. */
function next(tried) {
	return names(START)
		.sort()
		.map((name) => ({ name, token: name.split('.')[1], what: name.split('.')[2] }))
		.find(({ name, token }) => !tried.has(name) && !lostTokens.has(token));
}

/** Send one entry; return null if it is settled, otherwise the server's refusal. */
async function sendOne({ name, token, what }) {
	const body = JSON.parse(get(name));
	const path = Number.isNaN(Number(what)) ? what.replace('-', '/') : `trials/${what}`;
	const result = await call('PUT', `api/session/${path}`, { token, body });
	const { status } = result;
	const isHeld = status === 200 || status === 202 || (status === 409 && result.body.outcome);
	const isGone = status === 401 || status === 410;
	// Answers to questions that the server can never accept are dropped; the page is shown again at the end.
	const isUseless = status === 400 && what.startsWith('questions');
	if (isHeld || status === 410 || isUseless) remove(name);
	if (isGone) lostTokens.add(token);
	// 401: a participant who opened a personal link in another browser learns of it once the answer is stored.
	if ((isGone || result.body?.moved) && token === current) whenGone(isGone ? status : 401);
	return isHeld || isGone || isUseless ? null : result;
}

window.addEventListener('online', sendNow);
window.addEventListener('beforeunload', (event) => {
	if (names(START).some(isLostWithTab)) event.preventDefault();
});
