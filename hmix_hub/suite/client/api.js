/** Requests to the server. */
import { REQUEST } from './timing.js';

let news = null;
const listeners = new Set();

/** Call `listener` when the operators' announcement changes. */
export const onNews = (listener) => listeners.add(listener);

/** Address of the study; its body already contains the announcement. */
export const STUDY = 'api/study';

/**
 * Send a request to the server and return {status, body, retryAfter in seconds or 0}; throw if there is no readable
 * response. `path` is relative to the page, because the study may be served below a path of its host.
 */
export async function call(method, path, { token, body } = {}) {
	const headers = {};
	if (token) headers.Authorization = `Bearer ${token}`;
	if (body) headers['Content-Type'] = 'application/json';
	const late = new AbortController();
	setTimeout(() => late.abort(), REQUEST);
	const response = await fetch(path, {
		method,
		headers,
		body: body && JSON.stringify(body),
		signal: late.signal,
		cache: 'no-store',
		credentials: 'omit',
	});
	const before = news;
	news = response.headers.get('Study-News');
	if (before !== news && path !== STUDY) for (const listener of listeners) listener();
	const retryAfter = Number(response.headers.get('Retry-After')) || 0;
	return { status: response.status, body: await response.json(), retryAfter };
}
