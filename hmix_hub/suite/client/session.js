/** The session: its token, the server's view of it, and what the browser stores about it. */
import { call } from './api.js';
import * as storage from './storage.js';
import { loadTask } from './tasks.js';

const HASH = '#session=';

/** {token, view}: the view comes from the server, see `GET /api/session`. */
export const session = { token: null, view: null };

export function findToken() {
	session.token = storage.get('token');
	if (!storage.isLasting && location.hash.startsWith(HASH)) session.token ??= location.hash.slice(HASH.length);
	return session.token;
}

/** Make a token and store it before it is used, so that a session is found again if the reply to joining is lost. */
function makeToken() {
	const bytes = crypto.getRandomValues(new Uint8Array(32));
	const text = btoa(String.fromCharCode(...bytes));
	session.token = text.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
	storage.set('token', session.token);
	if (!storage.isLasting) storage.setAddress(location.pathname + location.search + HASH + session.token);
}

/** Forget the session and everything stored about it. */
export function forget() {
	for (const name of storage.names(`answer.${session.token}.`)) storage.remove(name);
	forgetPerson();
}

/** Forget the participant, but keep unsent answers, which are still sent. */
export function forgetPerson() {
	forgetSession();
	for (const name of ['recruiting', 'link']) storage.remove(name);
}

/** Forget the session, but keep the recruiting id or personal link. */
export function forgetSession() {
	for (const name of ['token', 'page']) storage.remove(name);
	forgetPages();
	if (location.hash) storage.setAddress(location.pathname + location.search);
	session.token = null;
	session.view = null;
}

/** Forget what was entered on pages, but keep the session, in which another task begins. */
export function forgetPages() {
	for (const name of ['wrong', 'draft', 'asked', 'commented']) storage.remove(name);
}

/** Move id and link from the address into storage; if they differ from the stored ones, another participant has come. */
export function takeRecruiting({ parameter }) {
	const address = new URL(location.href);
	const given = address.searchParams;
	const taken = Object.entries({ recruiting: given.get(parameter), link: given.get('link') });
	for (const name of [...given.keys()]) if (name !== 'task') given.delete(name);
	storage.setAddress(address);
	const isOther = ([name, value]) => value && storage.get(name) && storage.get(name) !== value;
	if (taken.some(isOther)) forgetPerson();
	for (const [name, value] of taken) if (value) storage.set(name, value);
}

export const recruitingId = () => storage.get('recruiting');
export const linkText = () => storage.get('link');
export const wantedTask = () => new URL(location.href).searchParams.get('task');

/** Join; `another` begins one more task after the first, `takes_over` continues a personal link from another browser. */
export function join({ sha256 }, { another = false, takes_over = false } = {}) {
	if (!session.token) makeToken();
	const person = { recruiting_id: recruitingId(), link: linkText(), task: wantedTask() };
	const body = { ...person, consent_sha256: sha256, another, takes_over };
	return keepView('POST', 'api/sessions', body);
}

export function resume() {
	return keepView('GET', 'api/session');
}

/** Fetch the view again; return whether this succeeded. */
export async function isRenewed() {
	return (await resume().catch(() => ({}))).status === 200;
}

async function keepView(method, path, body) {
	const result = await call(method, path, { token: session.token, body });
	if (result.status === 200) {
		await loadTask(result.body.task);
		session.view = result.body;
	}
	return result;
}

/** Delete the session on the server and here; return whether this succeeded. */
export async function withdraw() {
	const { status } = await call('DELETE', 'api/session', { token: session.token });
	const isDone = status === 200 || status === 410;
	if (isDone) forget();
	return isDone;
}
