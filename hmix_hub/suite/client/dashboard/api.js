/** Requests to the serving process, each with the token from the address's fragment (#…). */
const TOKEN = /^#([\w-]{43})$/;
const NAME = 'hmix-dashboard';
const PATIENCE = 20_000;

const given = TOKEN.exec(location.hash);
if (given) {
	sessionStorage.setItem(NAME, given[1]);
	history.replaceState(null, '', location.pathname);
}

const seen = new Map();
const pictures = new Map();

/** A request that was refused; `status` is 0 if there was no response. */
export class Refused extends Error {
	constructor(status, body = {}) {
		super([body.message, body.hint].filter(Boolean).join(' – ') || 'The server is not responding.');
		this.status = status;
	}
}

async function ask(path, { method = 'GET', body, tag } = {}) {
	const headers = { Authorization: `Bearer ${sessionStorage.getItem(NAME)}` };
	if (body) headers['Content-Type'] = 'application/json';
	if (tag) headers['If-None-Match'] = tag;
	const signal = AbortSignal.timeout(PATIENCE);
	const sent = { method, headers, body: body && JSON.stringify(body), cache: 'no-store', credentials: 'omit', signal };
	const response = await fetch(path, sent).catch(() => {
		throw new Refused(0);
	});
	if (response.ok || response.status === 304) return response;
	throw new Refused(response.status, await response.json().catch(() => ({})));
}

/** Fetch what is shown in `slot`; return null if it has not changed since it was last shown there. */
export async function look(slot, path) {
	const before = seen.get(slot);
	const response = await ask(path, { tag: before?.path === path ? before.tag : null });
	if (response.status === 304) return null;
	const content = await response.json();
	seen.set(slot, { path, tag: response.headers.get('ETag') });
	return content;
}

/** Make the next `look` at a slot return its content even if it has not changed. */
export function forget(slot) {
	seen.delete(slot);
}

/** Carry out an action. */
export async function act(name, body) {
	return (await ask(`api/actions/${name}`, { method: 'POST', body })).json();
}

/** Fetch a picture once; return its blob URL. */
export function picture(path) {
	if (!pictures.has(path)) pictures.set(path, load(path));
	return pictures.get(path);
}

async function load(path) {
	const response = await ask(path);
	return URL.createObjectURL(await response.blob());
}
