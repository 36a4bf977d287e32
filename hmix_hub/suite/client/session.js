/** The session: its token, what the server says of it, and what is kept of it in the browser. */
import { call } from './api.js';
import * as storage from './storage.js';
import { loadTask } from './tasks.js';

const HASH = '#session=';

/** {token, view}: the view is the server's, see `GET /api/session`. */
export const session = { token: null, view: null };

export function findToken() {
	session.token = storage.get('token');
	if (!storage.isLasting && location.hash.startsWith(HASH)) session.token ??= location.hash.slice(HASH.length);
	return session.token;
}

/** Make a token, kept before it is used: a joining whose answer is lost is found again. */
function makeToken() {
	const bytes = crypto.getRandomValues(new Uint8Array(32));
	const text = btoa(String.fromCharCode(...bytes));
	session.token = text.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
	storage.set('token', session.token);
	if (!storage.isLasting) storage.setAddress(location.pathname + location.search + HASH + session.token);
}

/** Forget the session and everything that was kept of it. */
export function forget() {
	for (const name of storage.names(`answer.${session.token}.`)) storage.remove(name);
	forgetPerson();
}

/** Forget who is here, but not the answers that wait: they are still sent. */
export function forgetPerson() {
	for (const name of ['token', 'page', 'wrong', 'draft', 'asked', 'commented', 'recruiting']) storage.remove(name);
	if (location.hash) storage.setAddress(location.pathname + location.search);
	session.token = null;
	session.view = null;
}

/** Take ids out of the address and keep the person's in this browser; one other than before is another person's. */
export function takeRecruiting({ parameter }) {
	const address = new URL(location.href);
	const given = address.searchParams;
	const id = given.get(parameter);
	for (const name of [...given.keys()]) if (name !== 'task') given.delete(name);
	storage.setAddress(address);
	if (!id) return;
	if (recruitingId() !== id && recruitingId()) forgetPerson();
	storage.set('recruiting', id);
}

export const recruitingId = () => storage.get('recruiting');
export const wantedTask = () => new URL(location.href).searchParams.get('task');

/** Join; `another`: one more task, for who has finished. */
export function join(consent, another = false) {
	if (!session.token) makeToken();
	const body = { recruiting_id: recruitingId(), task: wantedTask(), consent_sha256: consent.sha256, another };
	return keepView('POST', 'api/sessions', body);
}

export function resume() {
	return keepView('GET', 'api/session');
}

/** Fetch the view anew; gives whether that was possible. */
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

/** Delete the session on the server and here; gives whether that was done. */
export async function withdraw() {
	const { status } = await call('DELETE', 'api/session', { token: session.token });
	const isDone = status === 200 || status === 410;
	if (isDone) forget();
	return isDone;
}
