/** Requests to the server. */
import { REQUEST } from './timing.js';

let news = null;
const listeners = new Set();

/** Call when those who run the study say something else than before. */
export const onNews = (listener) => listeners.add(listener);

/** The study's address: it tells the news itself. */
export const STUDY = 'api/study';

/**
 * Ask the server; `path` is relative to the page, which may stand below a path of its host. Gives {status, body,
 * retryAfter in seconds or 0}, throws if no answer came that can be read.
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
