/** Requests to the serving process, each with the token that stood behind the # of the address. */
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

/** A request that was refused; `status` 0 if no answer came. */
export class Refused extends Error {
	constructor(status, body = {}) {
		super([body.message, body.hint].filter(Boolean).join(' – ') || 'The server does not answer.');
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

/** Look at something again; `slot` is where it is shown. Gives null where it is as it was shown there last. */
export async function look(slot, path) {
	const before = seen.get(slot);
	const response = await ask(path, { tag: before?.path === path ? before.tag : null });
	if (response.status === 304) return null;
	const content = await response.json();
	seen.set(slot, { path, tag: response.headers.get('ETag') });
	return content;
}

/** Show a slot anew the next time, also what is as it was. */
export function forget(slot) {
	seen.delete(slot);
}

/** Carry out an action. */
export async function act(name, body) {
	return (await ask(`api/actions/${name}`, { method: 'POST', body })).json();
}

/** Fetch a picture once; gives an address of this page's own memory. */
export function picture(path) {
	if (!pictures.has(path)) pictures.set(path, load(path));
	return pictures.get(path);
}

async function load(path) {
	const response = await ask(path);
	return URL.createObjectURL(await response.blob());
}
